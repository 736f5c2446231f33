package dev.ktm.tomee;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;

/** What is kept in stock. */
@Entity
public class Item {

    @Id
    private String name = "";

    /** For the provider. */
    protected Item() {}

    /** A new one. */
    public Item(String name) {
        this.name = name;
    }

    /** What it is called. */
    public String name() {
        return name;
    }
}
