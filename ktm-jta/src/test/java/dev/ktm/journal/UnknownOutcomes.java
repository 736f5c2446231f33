package dev.ktm.journal;

import dev.ktm.log.LogTroubles;
import dev.ktm.rm.TransactionId;

/** Outcomes that only a journal can declare unknown. */
public final class UnknownOutcomes {

    private UnknownOutcomes() {}

    /** It may be durable or not. */
    public static UnknownOutcomeException of(TransactionId transaction) {
        return new UnknownOutcomeException(transaction, LogTroubles.failed());
    }
}
