package dev.ktm.jdbc;

import java.util.Set;

/**
 * What may be expected of a kind of database, and what must not. The cautious answer is the default: nothing is gained by it but
 * that no promise is broken.
 *
 * <p>Two things are the same for all: a transaction has one connection for each data source, which nobody else gets before the
 * branch has finished; and no branch is joined or suspended, even where {@code isSameRM} says yes.
 *
 * @param onePhase whether a branch that is alone may be committed without a vote
 * @param keptInDoubt whether a connection stays open while it is not known what became of its branch; otherwise it is closed, so
 *     that another can finish the branch
 * @param sessionCheck how a session is looked at before it votes
 * @param commitsOnDdl whether statements that change the schema commit what was done before
 * @param fatalCodes vendor codes after which the work of a transaction is incomplete, beside the SQLSTATE classes 08 and 40
 * @param branchTimeoutSeconds what the database is told as the timeout of every branch; nothing if 0. Never that of the transaction: Derby
 *     rolls back what is over it even if that is prepared, so that a coordinator that was away for longer finds half a commit; what those
 *     do that were not tried is not known; all others take none
 */
public record AdapterProfile(
        boolean onePhase,
        boolean keptInDoubt,
        SessionCheck sessionCheck,
        boolean commitsOnDdl,
        Set<Integer> fatalCodes,
        int branchTimeoutSeconds) {

    /** How it is found out that the driver would vote yes for a transaction that has failed. */
    public enum SessionCheck {
        /** Its answer can be trusted, or a failed statement says enough. */
        NONE,
        /** The driver knows the state of the session, and is asked; no call of the server. */
        POSTGRESQL
    }

    private static final int MYSQL_LOCK_WAIT_TIMEOUT = 1205;
    private static final int MYSQL_DEADLOCK = 1213;
    private static final int ORACLE_DEADLOCK = 60;
    private static final int SQL_SERVER_DEADLOCK = 1205;

    /**
     * Some three weeks, for which no coordinator is away. With none at all Derby keeps the locks of a branch whose connection is lost, and
     * rolls it back at once if there is one; its driver counts in milliseconds.
     */
    private static final int DERBY_TIMEOUT_SECONDS = 2_000_000;

    /** The cautious answers. */
    public static final AdapterProfile CAUTIOUS = new AdapterProfile(false, true, SessionCheck.NONE, true, Set.of(), 0);

    /** Keeps the codes from being changed afterwards. */
    public AdapterProfile {
        fatalCodes = Set.copyOf(fatalCodes);
    }

    /** What is known of this kind of database. */
    public static AdapterProfile of(DatabaseKind kind) {
        return switch (kind) {
            // A commit in one phase is not on the disk when it returns, unless WRITE_DELAY is 0; the adapter looks.
            case H2 -> CAUTIOUS;
            case DERBY -> new AdapterProfile(true, false, SessionCheck.NONE, false, Set.of(), DERBY_TIMEOUT_SECONDS);
            case POSTGRESQL -> new AdapterProfile(true, false, SessionCheck.POSTGRESQL, false, Set.of(), 0);
            case MARIADB, MYSQL ->
                new AdapterProfile(
                        true, false, SessionCheck.NONE, true, Set.of(MYSQL_LOCK_WAIT_TIMEOUT, MYSQL_DEADLOCK), 0);
            case ORACLE -> new AdapterProfile(true, false, SessionCheck.NONE, true, Set.of(ORACLE_DEADLOCK), 0);
            case SQL_SERVER ->
                new AdapterProfile(true, false, SessionCheck.NONE, false, Set.of(SQL_SERVER_DEADLOCK), 0);
            case DB2 -> new AdapterProfile(true, false, SessionCheck.NONE, false, Set.of(), 0);
            case HSQLDB, OTHER -> CAUTIOUS;
        };
    }

    /** The same, with this answer to whether a branch may be committed without a vote. */
    public AdapterProfile withOnePhase(boolean value) {
        return new AdapterProfile(value, keptInDoubt, sessionCheck, commitsOnDdl, fatalCodes, branchTimeoutSeconds);
    }

    /** The same, with this answer to whether a connection stays open while its branch is in doubt. */
    public AdapterProfile withKeptInDoubt(boolean value) {
        return new AdapterProfile(onePhase, value, sessionCheck, commitsOnDdl, fatalCodes, branchTimeoutSeconds);
    }

    /** The same, with this answer to whether statements that change the schema commit. */
    public AdapterProfile withCommitsOnDdl(boolean value) {
        return new AdapterProfile(onePhase, keptInDoubt, sessionCheck, value, fatalCodes, branchTimeoutSeconds);
    }
}
