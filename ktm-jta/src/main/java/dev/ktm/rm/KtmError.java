package dev.ktm.rm;

/** What can be wrong with a request to the coordinator: the conditions of KTM, with their Windows error codes. */
public enum KtmError {
    /** A handle is of no use for this operation. */
    INVALID_TRANSACTION(6700),
    /** The transaction has ended, or its commit is too far. */
    TRANSACTION_NOT_ACTIVE(6701),
    /** The request makes no sense in the present state. */
    TRANSACTION_REQUEST_NOT_VALID(6702),
    /** A response that nobody asked for. */
    TRANSACTION_NOT_REQUESTED(6703),
    /** Too late: it was rolled back. */
    TRANSACTION_ALREADY_ABORTED(6704),
    /** Too late: it is committed. */
    TRANSACTION_ALREADY_COMMITTED(6705),
    /** The transaction manager could not start. */
    TM_INITIALIZATION_FAILED(6706),
    /** The transaction has a superior, which alone may commit it. */
    TRANSACTION_SUPERIOR_EXISTS(6709),
    /** There is no transaction of this id. */
    TRANSACTION_NOT_FOUND(6715),
    /** There is no resource manager of this id. */
    RESOURCEMANAGER_NOT_FOUND(6716),
    /** The resource manager has no enlistment of this id. */
    ENLISTMENT_NOT_FOUND(6717),
    /** There is no transaction manager of this id. */
    TRANSACTIONMANAGER_NOT_FOUND(6718),
    /** The transaction manager is not recovered to the end of its log, or cannot write it any more. */
    TRANSACTIONMANAGER_NOT_ONLINE(6719),
    /** What recovery found has a name that is taken. */
    TRANSACTIONMANAGER_RECOVERY_NAME_COLLISION(6720),
    /** Only the root of a transaction can have a superior. */
    TRANSACTION_NOT_ROOT(6721),
    /** The object that this one belongs to is closed. */
    TRANSACTION_OBJECT_EXPIRED(6722),
    /** The superior did not ask to be told of the end of this phase. */
    TRANSACTION_RESPONSE_NOT_ENLISTED(6723),
    /** The participants of the transaction do not fit into a record of the log. */
    TRANSACTION_RECORD_TOO_LONG(6724),
    /** The transaction was given up to make progress; participants may differ. */
    TRANSACTION_INTEGRITY_VIOLATED(6726),
    /** The log belongs to another transaction manager. */
    TRANSACTIONMANAGER_IDENTITY_MISMATCH(6727),
    /** Pre-prepare is over: whoever comes now must not cache. */
    TRANSACTION_MUST_WRITETHROUGH(6729),
    /** A resource manager has not come to rest in time, and there is no snapshot (RM_CANNOT_BE_FROZEN_FOR_SNAPSHOT). */
    RM_CANNOT_BE_FROZEN_FOR_SNAPSHOT(6728),
    /** The transaction has no superior. */
    TRANSACTION_NO_SUPERIOR(6730),
    /** The commit is complete, but a part of it may not have happened. */
    HEURISTIC_DAMAGE_POSSIBLE(6731),
    /** The log of the transaction manager is damaged (ERROR_LOG_CORRUPTION_DETECTED). */
    LOG_CORRUPTION_DETECTED(6817),
    /** The resource manager that decides has gone without an answer. */
    RM_DISCONNECTED(6819),
    /** Only a superior enlistment may do this. */
    ENLISTMENT_NOT_SUPERIOR(6820),
    /** It needs a transaction manager with a log. */
    TM_VOLATILE(6828),
    /** The timeout has fired already. */
    ROLLBACK_TIMER_EXPIRED(6829),
    /** The transaction must not be promoted, and this resource manager needs that. */
    TRANSACTION_REQUIRED_PROMOTION(6837),
    /** Commits are not frozen, or not any more: the thaw timeout has fired. */
    TRANSACTIONS_NOT_FROZEN(6839),
    /** Somebody else has frozen commits, or is about to. */
    TRANSACTION_FREEZE_IN_PROGRESS(6840),
    /** The resource manager takes no part in the transaction. */
    TRANSACTION_NOT_ENLISTED(6855),
    /** A value makes no sense (ERROR_INVALID_PARAMETER). */
    INVALID_PARAMETER(87),
    /** The handle lacks the right (ERROR_ACCESS_DENIED). */
    ACCESS_DENIED(5),
    /** There is such a name already (ERROR_OBJECT_NAME_EXISTS). */
    NAME_COLLISION(698),
    /** Nothing came in time (WAIT_TIMEOUT). */
    TIMEOUT(258),
    /** The enumeration is at its end (ERROR_NO_MORE_ITEMS). */
    NO_MORE_ENTRIES(259);

    private final int code;

    KtmError(int code) {
        this.code = code;
    }

    /** The Windows error code of the condition. */
    public int code() {
        return code;
    }
}
