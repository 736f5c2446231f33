package dev.ktm.example.boot;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;

/** An order, in the database. */
@Entity
public class PrintOrder {

    @Id
    private String id = "";

    private int copies;
    private boolean printed;

    protected PrintOrder() {}

    PrintOrder(String id, int copies) {
        this.id = id;
        this.copies = copies;
    }

    int copies() {
        return copies;
    }

    boolean isPrinted() {
        return printed;
    }

    void print() {
        printed = true;
    }
}
