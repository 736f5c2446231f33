package dev.ktm.log;

/** How a reader finds the next record. */
public enum ReadMode {
    /** In the order of appending. */
    FORWARD,
    /** From a record to the one that it names as previous. */
    PREVIOUS,
    /** From a record to the one at which undo continues. */
    UNDO_NEXT
}
