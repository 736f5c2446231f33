package dev.ktm.spring;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import org.jspecify.annotations.Nullable;

/** A row of the first database. */
@Entity
@SuppressWarnings("NullAway.Init")
public class Item {

    @Id
    private String id;

    protected Item() {}

    public Item(String id) {
        this.id = id;
    }

    public @Nullable String getId() {
        return id;
    }
}
