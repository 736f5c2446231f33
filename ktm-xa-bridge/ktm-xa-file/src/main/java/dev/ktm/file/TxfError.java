package dev.ktm.file;

/** Why the file manager refuses something. The names and numbers are those of Transactional NTFS (TxF). */
public enum TxfError {
    /** Somebody has the file open, or has changed it in a transaction that has not ended. */
    SHARING_VIOLATION(32),
    /** A copy was ended by whoever was told of its progress. */
    REQUEST_ABORTED(1235),
    /** The transaction has not begun, or is another manager's. */
    INVALID_TRANSACTION(6700),
    /** The transaction has ended, or is about to. */
    TRANSACTION_NOT_ACTIVE(6701),
    /** The name belongs to another transaction, or somebody writes to the file outside of any. */
    TRANSACTIONAL_CONFLICT(6800),
    /** The file manager is closed, or cannot go on before a committed change is brought about. */
    RM_NOT_ACTIVE(6801),
    /** What the file manager keeps in its root is damaged. */
    RM_METADATA_CORRUPT(6802),
    /** The path is not below the root. */
    DIRECTORY_NOT_RM(6803),
    /** The root lies where transactions cannot be kept. */
    TRANSACTIONS_UNSUPPORTED_REMOTE(6805),
    /** It went when the transaction was rolled back to a savepoint. */
    OBJECT_NO_LONGER_EXISTS(6807),
    /** There is no miniversion of this number. */
    STREAM_MINIVERSION_NOT_FOUND(6808),
    /** The miniversion went when the transaction was rolled back to a savepoint. */
    STREAM_MINIVERSION_NOT_VALID(6809),
    /** The miniversion belongs to another transaction. */
    MINIVERSION_INACCESSIBLE_FROM_SPECIFIED_TRANSACTION(6810),
    /** A miniversion can only be read. */
    CANT_OPEN_MINIVERSION_WITH_MODIFY_INTENT(6811),
    /** The transaction has ended: the handle can only be closed. */
    HANDLE_NO_LONGER_VALID(6815),
    /** The file manager is open already. */
    RM_ALREADY_STARTED(6822),
    /** A file below the directory is changed by a transaction that has not ended. */
    CANT_BREAK_TRANSACTIONAL_DEPENDENCY(6824),
    /** Two file managers would have to do it together. */
    CANT_CROSS_RM_BOUNDARY(6825),
    /** It cannot be stopped while the outcome of a transaction is not known. */
    INDOUBT_TRANSACTIONS_EXIST(6827),
    /** A savepoint needs that the transaction has no file open. */
    NO_SAVEPOINT_WITH_OPEN_FILES(6842),
    /** It takes no changes now, and will later. */
    CANNOT_ACCEPT_TRANSACTED_WORK(6847),
    /** It cannot be done in a transaction. */
    OPERATION_NOT_SUPPORTED_IN_TRANSACTION(6853),
    /** The file manager was closed since. */
    EXPIRED_HANDLE(6854),
    /** Somebody has changed the file behind the file manager's back. No such condition in TxF. */
    CHANGED_OUTSIDE(-1);

    private final int code;

    TxfError(int code) {
        this.code = code;
    }

    /** The Windows error code of the condition. */
    public int code() {
        return code;
    }
}
