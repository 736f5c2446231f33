package dev.ktm.redo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/**
 * Data that change by transactions, and how they are found again after a crash. On opening, {@link #restore} is called first if
 * there was a checkpoint, then {@link #redo} and {@link #note} for what came after it, in the order in which it happened, then
 * {@link #prepared} for each transaction whose outcome is not known, then {@link #restored}. What is told may be in the checkpoint
 * already: told again in order, it must lead to the same. All buffers may be kept.
 */
public interface RedoStore {

    /** What the last checkpoint said. */
    void restore(ByteBuffer checkpoint) throws IOException;

    /**
     * A transaction that has committed; its changes may have been made already, in whole or in part.
     *
     * @param lsn where its commit stands in the log
     * @param redo what {@link RedoWork#prepare} said; what was large is cut into more parts
     */
    void redo(long lsn, List<ByteBuffer> redo) throws IOException;

    /** What was logged outside of transactions. */
    void note(long lsn, ByteBuffer note) throws IOException;

    /**
     * A transaction that was prepared: takes its locks again, and waits for the outcome.
     *
     * @param unitOfWork the id of the transaction
     */
    RedoWork prepared(UUID unitOfWork, List<ByteBuffer> redo) throws IOException;

    /**
     * What to do about a log that is full and stays so, because of what is in doubt: true if the oldest transaction in doubt is
     * to be rolled back in place of its superior, which may decide otherwise, so that work goes on; false if it is to be kept, and
     * new work refused.
     */
    default boolean prefersAvailability() {
        return false;
    }

    /** Everything was shown: from here on there may be new work. */
    void restored() throws IOException;

    /**
     * The log has grown, or is full: makes durable in the store's own files what it can, and says so by {@link
     * RedoResourceManager#checkpoint}. Never called twice at once; by a thread of its own, or by one that has just found the log
     * full or settles: so whoever logs or settles must hold nothing that this needs.
     */
    void tidy() throws IOException;
}
