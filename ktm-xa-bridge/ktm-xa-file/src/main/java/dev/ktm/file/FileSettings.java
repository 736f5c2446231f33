package dev.ktm.file;

/**
 * How a file manager behaves, beyond the life of a process: what {@link TransactedFiles#change} sets is kept in the root. Immutable;
 * the methods that begin with "with" give one that differs in one thing.
 *
 * @param whenLogIsFull what happens when the log is full and stays so
 */
public record FileSettings(WhenLogIsFull whenLogIsFull) {

    /** What a new root has. */
    public static FileSettings defaults() {
        return new FileSettings(WhenLogIsFull.PREFER_CONSISTENCY);
    }

    /** Has this happen when the log is full and stays so. */
    public FileSettings withWhenLogIsFull(WhenLogIsFull value) {
        return new FileSettings(value);
    }
}
