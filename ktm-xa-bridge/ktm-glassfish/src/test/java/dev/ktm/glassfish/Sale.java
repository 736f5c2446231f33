package dev.ktm.glassfish;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** A row that a persistence provider writes. */
@Entity
@Table(name = "sale")
public class Sale {

    @Id
    private String item = "";

    /** For the provider. */
    protected Sale() {}

    /** Of this item. */
    public Sale(String item) {
        this.item = item;
    }

    /** What was sold. */
    public String item() {
        return item;
    }
}
