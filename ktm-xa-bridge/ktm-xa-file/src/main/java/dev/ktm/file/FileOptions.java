package dev.ktm.file;

/**
 * How a root is managed. Immutable; the methods that begin with "with" give one that differs in one thing.
 *
 * @param deletesNeedClosedHandles whether a delete does not happen if the transaction still has the file open at its end, as in
 *     TxF; by default a delete counts as soon as it was asked for
 */
public record FileOptions(boolean deletesNeedClosedHandles) {

    /** What most want. */
    public static FileOptions defaults() {
        return new FileOptions(false);
    }

    /** As TxF has it: a delete whose file is open at the end of the transaction does not happen. */
    public FileOptions withDeletesNeedClosedHandles(boolean value) {
        return new FileOptions(value);
    }
}
