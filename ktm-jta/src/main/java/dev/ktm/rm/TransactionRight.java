package dev.ktm.rm;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What the holder of a transaction's handle may do. */
public enum TransactionRight {
    /** Ask for state, outcome and properties. */
    QUERY_INFORMATION,
    /** Change description and timeout. */
    SET_INFORMATION,
    /** Enlist. */
    ENLIST,
    /** Commit. */
    COMMIT,
    /** Roll back. */
    ROLLBACK,
    /** Hand it to a superior. */
    PROPAGATE;

    /** Every right. */
    public static final Set<TransactionRight> ALL = Collections.unmodifiableSet(EnumSet.allOf(TransactionRight.class));

    /** What a resource manager should have of a client's transaction: everything but {@link #COMMIT}. */
    public static final Set<TransactionRight> RESOURCE_MANAGER =
            Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(COMMIT)));
}
