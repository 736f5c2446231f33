package dev.ktm.log.format;

/** Bytes are not what the format demands. Says where, what was expected and what was found. */
public final class DamageException extends Exception {

    private static final long serialVersionUID = 1L;

    private final long offset;
    private final String expected;
    private final String found;
    private final boolean ofOtherVersion;

    /**
     * Creates one.
     *
     * @param offset where, in bytes from the start of the structure that was read
     */
    public DamageException(long offset, String expected, String found) {
        this(offset, expected, found, false);
    }

    private DamageException(long offset, String expected, String found, boolean ofOtherVersion) {
        // No stack trace: what was found matters, and looking for the end of a log makes one for each attempt.
        super("at offset " + offset + ": expected " + expected + ", found " + found, null, false, false);
        this.offset = offset;
        this.expected = expected;
        this.found = found;
        this.ofOtherVersion = ofOtherVersion;
    }

    /** Bytes that are not damaged but of a format that this code does not know. */
    static DamageException ofOtherVersion(long offset, String expected, int found) {
        return new DamageException(offset, expected, "version " + found, true);
    }

    /** The same, in bytes from the start of what the structure lies in. */
    public DamageException within(long start) {
        return new DamageException(start + offset, expected, found, ofOtherVersion);
    }

    /**
     * Whether this is no damage at all, as far as one can tell: somebody who knows another version wrote it. It must
     * not be taken for something that was never written.
     */
    public boolean isOfOtherVersion() {
        return ofOtherVersion;
    }

    /** Where, in bytes from the start of the structure that was read. */
    public long offset() {
        return offset;
    }

    /** What the format demands there. */
    public String expected() {
        return expected;
    }

    /** What is there. */
    public String found() {
        return found;
    }
}
