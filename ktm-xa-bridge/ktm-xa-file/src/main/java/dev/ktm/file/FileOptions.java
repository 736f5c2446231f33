package dev.ktm.file;

/**
 * How a root is managed. Immutable; the methods that begin with "with" give one that differs in one thing.
 *
 * @param deletesNeedClosedHandles whether a delete does not happen if the transaction still has the file open at its end, as in
 *     TxF; by default a delete counts as soon as it was asked for
 * @param resetWhenDamaged whether opening a root whose records of transactions are damaged throws them away and begins anew
 */
public record FileOptions(boolean deletesNeedClosedHandles, boolean resetWhenDamaged) {

    /** What most want. */
    public static FileOptions defaults() {
        return new FileOptions(false, false);
    }

    /** As TxF has it: a delete whose file is open at the end of the transaction does not happen. */
    public FileOptions withDeletesNeedClosedHandles(boolean value) {
        return new FileOptions(value, resetWhenDamaged);
    }

    /**
     * Opens a root also if what the manager keeps about it, in its log or in the root, is damaged. What was committed and is not in
     * its place is lost then, and what is in doubt; a warning names it. The files themselves are not touched, and what lay in the work
     * area is put aside. By default such a root is refused with {@link TxfError#RM_METADATA_CORRUPT}.
     */
    public FileOptions withResetWhenDamaged(boolean value) {
        return new FileOptions(deletesNeedClosedHandles, value);
    }
}
