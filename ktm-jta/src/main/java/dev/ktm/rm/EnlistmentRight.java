package dev.ktm.rm;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What the holder of an enlistment's handle may do. */
public enum EnlistmentRight {
    /** Ask for its ids and its recovery information. */
    QUERY_INFORMATION,
    /** Change its recovery information. */
    SET_INFORMATION,
    /** Recover it. */
    RECOVER,
    /** Answer, and roll back. */
    SUBORDINATE_RIGHTS,
    /** Drive the phases. */
    SUPERIOR_RIGHTS;

    /** Every right. */
    public static final Set<EnlistmentRight> ALL = Collections.unmodifiableSet(EnumSet.allOf(EnlistmentRight.class));
}
