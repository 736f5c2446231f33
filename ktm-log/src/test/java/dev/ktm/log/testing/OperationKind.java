package dev.ktm.log.testing;

/** What can be made to fail on a {@link SimulatedDevice}, and counted. */
public enum OperationKind {
    /** Taking the ownership of the device. */
    ACQUIRE,
    /** Asking whether the ownership still holds. */
    CHECK,
    /** Listing the names. */
    LIST,
    /** Creating a file. */
    CREATE,
    /** Opening a file. */
    OPEN,
    /** Asking for the size of a file. */
    SIZE,
    /** Reading from a file. */
    READ,
    /** The writing half of a write-through. */
    WRITE,
    /** The forcing half of a write-through. */
    WRITE_FORCE,
    /** Forcing a file. */
    FORCE,
    /** Renaming a file. */
    RENAME,
    /** Deleting a file. */
    DELETE,
    /** Forcing the directory. */
    FORCE_DIRECTORY
}
