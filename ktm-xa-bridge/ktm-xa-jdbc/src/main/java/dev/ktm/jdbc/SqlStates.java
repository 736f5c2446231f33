package dev.ktm.jdbc;

/** SQLSTATEs of the standard that say what is the matter. */
final class SqlStates {

    /** The connection does not exist: it is closed. */
    static final String CLOSED = "08003";
    /** A connection could not be made. */
    static final String CANNOT_CONNECT = "08001";
    /** The state of the transaction does not allow it. */
    static final String INVALID_STATE = "25000";
    /** It has to be done before the transaction does anything. */
    static final String ACTIVE_TRANSACTION = "25001";
    /** Whoever ends the transaction is not the one who may. */
    static final String INVALID_TERMINATION = "2D000";
    /** The transaction was rolled back. */
    static final String ROLLED_BACK = "40000";
    /** The data source is not set up as it must be. */
    static final String MISCONFIGURED = "0L000";

    /** Every state in which a user is refused begins like this. */
    static final String AUTHORIZATION_CLASS = "28";
    /** Every state of a broken connection begins like this. */
    static final String CONNECTION_CLASS = "08";
    /** Every state of a transaction that was rolled back begins like this. */
    static final String ROLLBACK_CLASS = "40";

    /** Every state of a constraint that does not hold begins like this. */
    static final String INTEGRITY_CLASS = "23";
    /** Of the class of rollbacks, and the one that is none: nobody knows. */
    static final String COMPLETION_UNKNOWN = "40003";

    private SqlStates() {}
}
