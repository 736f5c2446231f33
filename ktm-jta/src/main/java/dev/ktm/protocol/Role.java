package dev.ktm.protocol;

/** When a participant is told, and whether it decides. */
public enum Role {
    /** It is told before all others that are not first. */
    FIRST,
    /** It is told in the order in which it has enlisted. */
    ANY,
    /**
     * It cannot prepare: when everybody else has, it commits, and that is the decision for all. At most one, and not beside a
     * superior. After a crash it is asked what it has decided.
     */
    LAST,
    /** It drives the transaction in place of the client. At most one. */
    SUPERIOR
}
