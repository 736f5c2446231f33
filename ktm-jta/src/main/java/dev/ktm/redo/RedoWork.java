package dev.ktm.redo;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What one transaction changes in a {@link RedoStore}. Called by whichever thread drives the transaction; a rollback may come at
 * any moment, also while a thread of the application is at work.
 */
public interface RedoWork {

    /** Whether there is anything to commit. If not, it takes no more work: {@link #released} follows, or {@link #rolledBack}. */
    boolean hasChanges();

    /**
     * Takes no more work, makes sure that a commit cannot fail, and says what has to be logged for it to be done again. Called
     * once; what it needs beside the log is durable when it returns.
     *
     * @return what {@link RedoStore#redo} gets after a crash, in parts of any size
     * @throws Exception if it cannot commit: the transaction is rolled back for this reason
     */
    List<ByteBuffer> prepare() throws Exception;

    /**
     * It is decided and durable: shows the changes to everybody and lets go of its locks. Called under the lock that orders
     * commits; has to be short and cannot fail.
     *
     * @param lsn where that stands in the log; greater for whatever commits later
     */
    void committed(long lsn);

    /**
     * Brings about what {@link #committed} has only promised, before anybody is told that it has committed. Called outside of the
     * lock, for work on files that takes its time; cannot fail either. Until it returns no checkpoint claims this commit.
     *
     * @param lsn as before
     */
    default void apply(long lsn) {}

    /**
     * A checkpoint may claim this commit from now on. For work that keeps its locks until it is also in files of its own; a failure
     * is the store's to deal with.
     *
     * @param lsn as before
     */
    default void finished(long lsn) {}

    /**
     * Of work that was prepared before a restart: it is known to be decided, and {@link #committed} follows, perhaps later. What it
     * changes may be in its place already. Called before {@link RedoStore#restored}, if at all.
     */
    default void decided() {}

    /** It never happened: lets go of its locks. Called at most once, and not after {@link #committed}. */
    void rolledBack();

    /** As {@link #rolledBack}, of work without changes whose transaction goes on to its end without it. */
    default void released() {
        rolledBack();
    }
}
