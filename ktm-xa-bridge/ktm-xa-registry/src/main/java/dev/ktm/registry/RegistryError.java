package dev.ktm.registry;

/** What can be wrong with a request to the registry: the conditions of Windows, with their codes. */
public enum RegistryError {
    /** There is no such key. */
    KEY_NOT_FOUND(2),
    /** There is no such value. */
    VALUE_NOT_FOUND(2),
    /** The key's security, or the rights of the handle, do not permit it. */
    ACCESS_DENIED(5),
    /** The handle is closed. */
    INVALID_HANDLE(6),
    /** A name or a value makes no sense. */
    INVALID_PARAMETER(87),
    /** There is a key of this name already. */
    ALREADY_EXISTS(183),
    /** A name is longer than the limit. */
    NAME_TOO_LONG(206),
    /** A value, a class or a security is larger than the limit. */
    VALUE_TOO_LARGE(234),
    /** A key would lie deeper than the limit, or too many would be made by one call. */
    TOO_DEEP(1450),
    /** The key is open too often. */
    TOO_MANY_HANDLES(1450),
    /** Neither a good checkpoint nor the log has the data: see the message for what is damaged. */
    HIVE_CORRUPT(1015),
    /** Files or the log cannot be read or written. */
    IO_FAILED(1016),
    /** What was to be read is no registry data: see the message for the line. */
    NOT_REGISTRY_FILE(1017),
    /** The key of this handle has been deleted. */
    KEY_DELETED(1018),
    /** A key with subkeys is deleted by deleting the tree only. */
    KEY_HAS_CHILDREN(1020),
    /** Below a volatile key there are volatile keys only. */
    CHILD_MUST_BE_VOLATILE(1021),
    /** There is no such hive here, or it has been unloaded. */
    HIVE_NOT_LOADED(1009),
    /** The transaction has ended, or its commit has begun: reopen the key. */
    TRANSACTION_NOT_ACTIVE(6701),
    /** The transaction has been rolled back: the message says why. */
    TRANSACTION_ALREADY_ABORTED(6704),
    /** Another transaction has changed the same: try again when it has ended. */
    TRANSACTIONAL_CONFLICT(6800),
    /** Transactions that have worked in the hive have not ended. */
    TRANSACTIONS_PENDING(6827);

    private final int code;

    RegistryError(int code) {
        this.code = code;
    }

    /** The code that Windows has for it. */
    public int code() {
        return code;
    }
}
