package dev.ktm.journal;

import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * The coordinator's memory: decisions and prepared transactions, until they have ended. Safe for many threads.
 *
 * @see LogJournal
 */
public interface Journal extends AutoCloseable {

    /** The identity of the transaction manager that writes here. */
    UUID manager();

    /** The life of the transaction manager that began when the journal was opened; from 1. */
    long incarnation();

    /** What had not ended when the journal was opened, oldest first; empty once anything has ended since. */
    List<TransactionRecord> found();

    /** Where the last record lies that was read when the journal was opened; empty if there was none. */
    OptionalLong lastRead();

    /** Where the last record lies; empty if there never was one, or if it cannot be said any more. */
    default OptionalLong last() {
        return OptionalLong.empty();
    }

    /** The transactions that have not ended now. */
    Collection<TransactionRecord> live();

    /** The highest virtual clock that the log knew when the journal was opened, or was written since; from 1. */
    long clock();

    /** Space for records that must not fail for lack of it. Closing it gives back what was not used. */
    interface Space extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Sets space aside for these records. If the log is full, has that dealt with, for a bounded time.
     *
     * @throws LogFullException if there is none
     * @throws IllegalArgumentException if a record is larger than the log can hold
     */
    Space reserve(TransactionRecord... records) throws LogException;

    /**
     * Writes a record and returns once it is durable. From then on it is live until {@link #end}. A record of a transaction
     * that is live already takes the place of the former one.
     *
     * @param space where {@link #reserve} has counted it
     * @throws UnknownOutcomeException if it may be durable or not: only a restart can tell
     * @throws LogException if it is certain that it was not written
     */
    void force(Space space, TransactionRecord transaction) throws LogException, UnknownOutcomeException;

    /**
     * Notes that nobody needs to remember the transaction any more. Not forced; if it is lost, a restart finds the
     * transaction once more. Does nothing if it is not live.
     */
    void end(TransactionId id);

    /**
     * Makes durable what was written before, and what has ended, also if there was no space for its end.
     *
     * @throws LogException if it cannot; a restart may find what has ended once more
     */
    void force() throws LogException;

    /**
     * Writes down what an operator does, and returns once it is durable. It is kept as long as its transaction is live, and
     * afterwards as long as it is among the last 100.
     *
     * @throws UnknownOutcomeException if it may be durable or not: only a restart can tell
     * @throws LogException if it is certain that it was not written
     */
    void note(OperatorAct act) throws LogException, UnknownOutcomeException;

    /** What operators have done, oldest first, also in earlier lives. */
    List<OperatorAct> acts();

    /**
     * Gives the transaction manager another identity, which is durable when this returns.
     *
     * @throws IllegalStateException if transactions are live: they could not be recovered under another identity
     */
    void rename(UUID manager) throws LogException;

    @Override
    void close() throws LogException;
}
