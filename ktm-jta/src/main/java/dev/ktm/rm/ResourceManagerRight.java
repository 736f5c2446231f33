package dev.ktm.rm;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What the holder of a resource manager's handle may do. */
public enum ResourceManagerRight {
    /** Ask for its properties and its enlistments. */
    QUERY_INFORMATION,
    /** Recover it. */
    RECOVER,
    /** Enlist it in transactions. */
    ENLIST,
    /** Receive its notifications. */
    GET_NOTIFICATION;

    /** Every right. */
    public static final Set<ResourceManagerRight> ALL =
            Collections.unmodifiableSet(EnumSet.allOf(ResourceManagerRight.class));
}
