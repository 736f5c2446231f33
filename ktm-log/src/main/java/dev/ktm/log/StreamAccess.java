package dev.ktm.log;

/** What a handle of a stream may do. A handle without any right can still be asked about the stream. */
public enum StreamAccess {
    /** Read records. */
    READ,
    /** Append, reserve, move the base, write restart areas. */
    WRITE,
    /** Delete or reset the stream. */
    DELETE
}
