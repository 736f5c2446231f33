package dev.ktm.log;

/** What can be wrong with a log or a request to it: the conditions of CLFS, with their Windows error codes. */
public enum LogError {
    /** A range of LSNs or sizes makes no sense. */
    INVALID_RANGE(6604),
    /** A reader is used in a way that its mode forbids, or after its end. */
    READ_CONTEXT_INVALID(6606),
    /** A file has another format version. */
    BLOCK_VERSION(6608),
    /** A frame or a record is damaged. */
    BLOCK_INVALID(6609),
    /** The stream has no restart area. */
    NO_RESTART(6611),
    /** The base log file is damaged, or a file belongs to another log. */
    METADATA_CORRUPT(6612),
    /** The files of the log contradict each other. */
    METADATA_INCONSISTENT(6614),
    /** A reservation is not of this stream, or was closed. */
    RESERVATION_INVALID(6615),
    /** It cannot be deleted: it is in use. */
    CANT_DELETE(6616),
    /** There would be too many containers. */
    CONTAINER_LIMIT_EXCEEDED(6617),
    /** Nothing is left to be read below this point. */
    START_OF_LOG(6618),
    /** A policy of this type is installed already. */
    POLICY_ALREADY_INSTALLED(6619),
    /** No policy of this type is installed. */
    POLICY_NOT_INSTALLED(6620),
    /** A policy contradicts itself or another one. */
    POLICY_INVALID(6621),
    /** The request contradicts an installed policy. */
    POLICY_CONFLICT(6622),
    /** What has not been archived holds the space. */
    PINNED_ARCHIVE_TAIL(6623),
    /** There is no record at this LSN in this stream. */
    RECORD_NONEXISTENT(6624),
    /** No more records are reserved. */
    RECORDS_RESERVED_INVALID(6625),
    /** The record is larger than what was reserved for it. */
    SPACE_RESERVED_INVALID(6626),
    /** The archive tail or base would move where it must not. */
    TAIL_INVALID(6627),
    /** No space is left. */
    FULL(6628),
    /** The log could not be given the size. */
    COULD_NOT_RESIZE(6629),
    /** The log is multiplexed, and the request is for a dedicated one. */
    MULTIPLEXED(6630),
    /** The log is dedicated, and the request is for a multiplexed one. */
    DEDICATED(6631),
    /** No archive is being taken. */
    ARCHIVE_NOT_IN_PROGRESS(6632),
    /** An archive is being taken already. */
    ARCHIVE_IN_PROGRESS(6633),
    /** The log does not keep what is not archived. */
    EPHEMERAL(6634),
    /** The log has fewer than two containers. */
    NOT_ENOUGH_CONTAINERS(6635),
    /** The stream has a client already. */
    CLIENT_ALREADY_REGISTERED(6636),
    /** The stream has no client. */
    CLIENT_NOT_REGISTERED(6637),
    /** A full log is being dealt with already. */
    FULL_HANDLER_IN_PROGRESS(6638),
    /** A container could not be read. */
    CONTAINER_READ_FAILED(6639),
    /** A container could not be written. */
    CONTAINER_WRITE_FAILED(6640),
    /** A container could not be opened. */
    CONTAINER_OPEN_FAILED(6641),
    /** A container is not in a state for this request. */
    CONTAINER_STATE_INVALID(6642),
    /** The log is not in a state for this request. */
    STATE_INVALID(6643),
    /** Somebody's records hold the space. */
    PINNED(6644),
    /** The base log file could not be written. */
    METADATA_FLUSH_FAILED(6645),
    /** Records were appended, but could not be made durable. */
    APPENDED_FLUSH_FAILED(6647),
    /** Reservations hold the space. */
    PINNED_RESERVATION(6648),
    /** Somebody has the log open (ERROR_SHARING_VIOLATION). */
    SHARING_VIOLATION(32),
    /** The handle lacks the right (ERROR_ACCESS_DENIED). */
    ACCESS_DENIED(5),
    /** There is no stream of this name (ERROR_FILE_NOT_FOUND). */
    NOT_FOUND(2),
    /** There is a stream of this name (ERROR_FILE_EXISTS). */
    ALREADY_EXISTS(80),
    /** There would be too many streams (ERROR_NO_SYSTEM_RESOURCES). */
    TOO_MANY_STREAMS(1450),
    /** The log is a copy of another one (ERROR_TRANSACTIONMANAGER_IDENTITY_MISMATCH). */
    COPIED(6727),
    /** The stream is marked as deleted (ERROR_DELETE_PENDING). */
    DELETE_PENDING(303),
    /** The log or the handle is closed (ERROR_INVALID_HANDLE). */
    CLOSED(6);

    private final int code;

    LogError(int code) {
        this.code = code;
    }

    /** The Windows error code of the condition. */
    public int code() {
        return code;
    }
}
