package dev.ktm.rm;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What the holder of a transaction manager's handle may do. */
public enum ManagerRight {
    /** Ask for its properties, enumerate, open resource managers, create and open transactions. */
    QUERY_INFORMATION,
    /** Recover it. */
    RECOVER,
    /** Give it a new identity. */
    RENAME,
    /** Create resource managers. */
    CREATE_RM;

    /** Every right. */
    public static final Set<ManagerRight> ALL = Collections.unmodifiableSet(EnumSet.allOf(ManagerRight.class));
}
