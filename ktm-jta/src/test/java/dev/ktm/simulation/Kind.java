package dev.ktm.simulation;

/** What a participant is. */
enum Kind {
    /** An XA resource. */
    XA,
    /** A durable resource manager that speaks KTM. */
    NATIVE,
    /** A volatile one. */
    VOLATILE,
    /** A last resource. */
    LAST
}
