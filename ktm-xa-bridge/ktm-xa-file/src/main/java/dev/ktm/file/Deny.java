package dev.ktm.file;

import java.nio.file.OpenOption;

/**
 * What others may not do with a file while it is open, beside what transactions forbid anyway. Without it a file is shared in every
 * way.
 */
public enum Deny implements OpenOption {
    /** Open it for reading. */
    READ,
    /** Open it for writing, rename or delete it. */
    WRITE
}
