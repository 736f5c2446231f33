package dev.ktm.log.format;

import java.nio.charset.StandardCharsets;

/** Which names the base log file can hold. */
public final class Names {

    /** Longest name of a container file, in bytes of UTF-8. */
    public static final int MAX_FILE_NAME_BYTES = 63;

    /** Longest name of a stream, in bytes of UTF-8. */
    public static final int MAX_STREAM_NAME_BYTES = 127;

    private Names() {}

    /** Refuses a name that is too long, or is not a plain name of printable ASCII without separators. */
    public static void checkFileName(String name) {
        boolean plain = !name.isEmpty()
                && !name.startsWith(".")
                && name.chars().allMatch(c -> c > ' ' && c < 0x7F && "/\\:*?\"<>|".indexOf(c) < 0);
        if (!plain || name.length() > MAX_FILE_NAME_BYTES) {
            throw new IllegalArgumentException("expected a file name of 1 to " + MAX_FILE_NAME_BYTES
                    + " printable ASCII characters without separators, found \"" + name + "\"");
        }
    }

    /** Refuses a name that is too long or has control characters. The empty name is that of a dedicated log's stream. */
    public static void checkStreamName(String name) {
        if (name.getBytes(StandardCharsets.UTF_8).length > MAX_STREAM_NAME_BYTES
                || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("expected a stream name of at most " + MAX_STREAM_NAME_BYTES
                    + " bytes without control characters, found \"" + name + "\"");
        }
    }
}
