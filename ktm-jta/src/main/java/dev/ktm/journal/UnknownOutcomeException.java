package dev.ktm.journal;

import dev.ktm.rm.TransactionId;

/**
 * A record may be durable or not. Its transaction must neither commit nor roll back before the log has been opened again
 * and says what is there.
 */
public final class UnknownOutcomeException extends Exception {

    private static final long serialVersionUID = 1;

    private final transient TransactionId transaction;

    UnknownOutcomeException(TransactionId transaction, Throwable cause) {
        super(
                "the log failed while the decision of transaction " + transaction
                        + " was being written: whether it is committed is known after the next start",
                cause);
        this.transaction = transaction;
    }

    /** The transaction. */
    public TransactionId transaction() {
        return transaction;
    }
}
