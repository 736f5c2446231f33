package dev.ktm.jta;

import jakarta.transaction.Synchronization;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who is called before a transaction completes, and after that. Guarded by its transaction. */
final class Synchronizations {

    private final List<Synchronization> ordinary = new ArrayList<>(2);
    private final List<Synchronization> interposed = new ArrayList<>(2);
    private int ordinaryCalled;
    private int interposedCalled;

    void addOrdinary(Synchronization synchronization) {
        ordinary.add(synchronization);
    }

    void addInterposed(Synchronization synchronization) {
        interposed.add(synchronization);
    }

    /** The next to be called before completion: ordinary ones first, also those that came meanwhile; null behind the last. */
    @Nullable
    Synchronization next() {
        if (ordinaryCalled < ordinary.size()) {
            return ordinary.get(ordinaryCalled++);
        }
        return interposedCalled < interposed.size() ? interposed.get(interposedCalled++) : null;
    }

    /** In the order in which they are called after completion: interposed ones first. */
    List<Synchronization> afterwards() {
        var all = new ArrayList<>(interposed);
        all.addAll(ordinary);
        return all;
    }
}
