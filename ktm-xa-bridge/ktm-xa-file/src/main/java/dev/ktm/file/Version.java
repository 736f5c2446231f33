package dev.ktm.file;

import java.nio.file.OpenOption;

/**
 * Which version of a file to open in a transaction that has changed it. Without it, the transaction sees what it has written, and
 * everybody else what is committed.
 *
 * @param number the number of a miniversion, or one of the two below
 */
public record Version(int number) implements OpenOption {

    private static final int COMMITTED_NUMBER = 0;
    private static final int DIRTY_NUMBER = 0xFFFF;

    /** What is committed. */
    public static final Version COMMITTED = new Version(COMMITTED_NUMBER);

    /** What has been written so far. */
    public static final Version DIRTY = new Version(DIRTY_NUMBER);

    /** Refuses numbers that TxF does not have. */
    public Version {
        if (number < COMMITTED_NUMBER || number > DIRTY_NUMBER) {
            throw new IllegalArgumentException("expected a version from 0 to 65535, found " + number);
        }
    }

    boolean isMiniversion() {
        return number != COMMITTED_NUMBER && number != DIRTY_NUMBER;
    }
}
