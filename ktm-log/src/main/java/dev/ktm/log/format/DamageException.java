package dev.ktm.log.format;

/** Bytes are not what the format demands. Says where, what was expected and what was found. */
public final class DamageException extends Exception {

    private static final long serialVersionUID = 1L;

    private final long offset;
    private final String expected;
    private final String found;

    /**
     * Creates one.
     *
     * @param offset where, in bytes from the start of the structure that was read
     */
    public DamageException(long offset, String expected, String found) {
        // No stack trace: what was found matters, and looking for the end of a log makes one for each attempt.
        super("at offset " + offset + ": expected " + expected + ", found " + found, null, false, false);
        this.offset = offset;
        this.expected = expected;
        this.found = found;
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
