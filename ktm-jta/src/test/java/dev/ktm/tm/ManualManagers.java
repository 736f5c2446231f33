package dev.ktm.tm;

import dev.ktm.journal.Journal;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OutcomeReport;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Transaction managers without threads, whose time is made by hand and whose journals are simulated. */
public final class ManualManagers {

    private final AtomicLong nanos = new AtomicLong();
    private final TransactionManagers managers;

    /** Everything happens on the thread that asks for it. */
    public ManualManagers(Consumer<OutcomeReport> reports) {
        this.managers = new TransactionManagers(
                reports, nanos::get, () -> Instant.ofEpochSecond(0, nanos.get()), Runnable::run);
    }

    /** The managers. */
    public TransactionManagers managers() {
        return managers;
    }

    /** A transaction manager over this journal, recovered. */
    public ManagerHandle recover(Journal journal) throws KtmException {
        var manager = managers.create("", journal);
        manager.recover();
        return manager;
    }

    /** Lets time pass, and rolls back what is due. */
    public void pass(long nanoseconds) {
        nanos.addAndGet(nanoseconds);
        managers.expire();
    }
}
