package dev.ktm.log;

import org.jspecify.annotations.Nullable;

/**
 * What was durable is damaged, missing, or not of this log. Nothing was overwritten. An operator has to look: restore
 * the named file from a backup, or copy the log elsewhere and read what is left of it with the log tool.
 */
public final class LogCorruptException extends LogException {

    private static final long serialVersionUID = 1L;

    private final String file;
    private final long offset;
    private final String expected;
    private final String found;

    LogCorruptException(
            LogError error, String file, long offset, String expected, String found, @Nullable Throwable cause) {
        super(
                error,
                file + " is damaged at offset " + offset + ": expected " + expected + ", found " + found
                        + "; nothing was changed: restore the file from a backup, or copy the log aside and see what"
                        + " is left with 'dump' and 'verify' of the log tool",
                cause);
        this.file = file;
        this.offset = offset;
        this.expected = expected;
        this.found = found;
    }

    /** The damaged file. */
    public String file() {
        return file;
    }

    /** Where in the file, in bytes. */
    public long offset() {
        return offset;
    }

    /** What should be there. */
    public String expected() {
        return expected;
    }

    /** What is there. */
    public String found() {
        return found;
    }
}
