package dev.ktm.rm;

/** Who or what had a transaction rolled back. */
public enum RollbackCause {
    /** The client asked for it. */
    CLIENT,
    /** A participant refused, or could not go on. */
    PARTICIPANT,
    /** The superior decided so. */
    SUPERIOR,
    /** It took too long. */
    TIMEOUT,
    /** The last handle of the transaction, or one of a participant that was at work, was closed. */
    CLOSED,
    /** The decision could not be written, and it is certain that it was not. */
    LOG,
    /** The superior did not decide, and the log had to go on: it may have decided otherwise. */
    GIVEN_UP,
    /** An operator decided so in place of a last participant that is gone: it may have decided otherwise. */
    OPERATOR
}
