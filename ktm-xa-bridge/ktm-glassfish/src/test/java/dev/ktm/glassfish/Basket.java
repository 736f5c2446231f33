package dev.ktm.glassfish;

import jakarta.annotation.PreDestroy;
import jakarta.transaction.TransactionScoped;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What is collected in one transaction. Its class is the test's, so the two meet here. */
@TransactionScoped
public class Basket implements Serializable {

    private static final long serialVersionUID = 1L;

    /** What those held that are gone. */
    static final List<List<String>> GONE = new CopyOnWriteArrayList<>();

    private final ArrayList<String> items = new ArrayList<>();

    /** Adds one. */
    public void add(String item) {
        items.add(item);
    }

    /** How many there are. */
    public int size() {
        return items.size();
    }

    @PreDestroy
    void destroyed() {
        GONE.add(List.copyOf(items));
    }
}
