package dev.ktm.jdbc;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a database before its first transaction: whether it can prepare, whether its branches can be listed, and what is known
 * of its kind. Says in plain words what has to be changed.
 *
 * @param name the stable name of the data source
 * @param driver the driver's data source
 * @param poolSize the most connections that the pool opens
 * @param ownUser whether branches are recovered by another user than the one that prepares them
 * @param chosen the profile that the application has chosen, if it has
 */
record Probe(String name, XADataSource driver, int poolSize, boolean ownUser, Optional<AdapterProfile> chosen)
        implements Adapter.Look {

    @Override
    public Adapter.Found look(XAConnection xa) throws SQLException {
        AdapterProfile profile;
        DatabaseKind kind;
        String url;
        try (var connection = xa.getConnection()) {
            try {
                var database = connection.getMetaData();
                kind = DatabaseKind.of(database);
                url = database.getURL();
                profile = profileOf(kind, connection, database);
            } finally {
                endTransaction(connection);
            }
        }
        warnOfMissingTimeout(kind, url);
        list(xa, kind);
        return new Adapter.Found(kind, chosen.orElse(profile));
    }

    /** Where statements do not commit by themselves, questions have begun a transaction, which would be in the way of all else. */
    static void endTransaction(Connection connection) throws SQLException {
        if (!connection.getAutoCommit()) {
            connection.rollback();
        }
    }

    private AdapterProfile profileOf(DatabaseKind kind, Connection connection, DatabaseMetaData database)
            throws SQLException {
        return switch (kind) {
            case H2 -> h2(connection);
            case POSTGRESQL -> postgres(connection);
            case MARIADB -> mariaDb(database);
            case MYSQL -> mySql(database);
            case HSQLDB ->
                throw refuse(
                        "HSQLDB keeps what it has prepared in memory only: after a crash it has forgotten"
                                + " what it has promised. Use another database for transactions that span several",
                        null);
            case DERBY, ORACLE, SQL_SERVER, DB2, OTHER -> AdapterProfile.of(kind);
        };
    }

    private MisconfiguredDataSourceException refuse(String text, @Nullable Throwable cause) {
        return new MisconfiguredDataSourceException("data source \"" + name + "\": " + text, cause);
    }

    private void warn(String text) {
        System.getLogger(KtmDataSource.class.getName())
                .log(System.Logger.Level.WARNING, "data source \"" + name + "\": " + text);
    }

    private static String value(Connection connection, String query) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            return rows.next() ? String.valueOf(rows.getString(1)) : "";
        }
    }

    private AdapterProfile h2(Connection connection) throws SQLException {
        var delay = value(
                connection, "SELECT SETTING_VALUE FROM INFORMATION_SCHEMA.SETTINGS WHERE SETTING_NAME = 'WRITE_DELAY'");
        var cautious = AdapterProfile.of(DatabaseKind.H2);
        if (delay.equals("0")) {
            return cautious.withOnePhase(true);
        }
        if (!connection.getMetaData().getURL().startsWith("jdbc:h2:mem:")) {
            warn("H2's WRITE_DELAY is " + (delay.isEmpty() ? "not visible" : delay + " ms")
                    + ": what it commits outside transactions can be lost in a crash shortly afterwards, and inside every"
                    + " transaction is prepared first. Add ;WRITE_DELAY=0 to the URL");
        }
        return cautious;
    }

    private AdapterProfile postgres(Connection connection) throws SQLException {
        int most = Integer.parseInt(value(connection, "SHOW max_prepared_transactions"));
        if (most == 0) {
            throw refuse(
                    "PostgreSQL is set up to prepare no transactions: max_prepared_transactions is 0. Set it in"
                            + " postgresql.conf to at least the number of connections of all pools (" + poolSize
                            + " of this one), and restart the server",
                    null);
        }
        if (most < poolSize) {
            warn("PostgreSQL prepares at most " + most
                    + " transactions at a time (max_prepared_transactions), the pool has up" + " to " + poolSize
                    + " connections: commits can fail when all are busy");
        }
        if (ownUser && !value(connection, "SHOW is_superuser").equals("on")) {
            warn("the recovery user is no superuser: PostgreSQL lets it neither see nor finish what another user has"
                    + " prepared. Let it be the user of the pool, or a superuser");
        }
        return AdapterProfile.of(DatabaseKind.POSTGRESQL);
    }

    private AdapterProfile mariaDb(DatabaseMetaData database) throws SQLException {
        var version = Version.of(database.getDatabaseProductVersion());
        if (version.isBefore(10, 5, 0)) {
            throw refuse(
                    "MariaDB " + version + " loses prepared transactions when a connection ends: use 10.5 or later",
                    null);
        }
        refusePinning(database);
        return AdapterProfile.of(DatabaseKind.MARIADB);
    }

    private AdapterProfile mySql(DatabaseMetaData database) throws SQLException {
        var version = Version.of(database.getDatabaseProductVersion());
        if (version.isBefore(5, 7, 7)) {
            throw refuse(
                    "MySQL " + version + " loses prepared transactions when a connection ends: use 5.7.7 or later",
                    null);
        }
        refusePinning(database);
        return AdapterProfile.of(DatabaseKind.MYSQL);
    }

    private void refusePinning(DatabaseMetaData database) throws SQLException {
        var url = database.getURL();
        if (url != null && url.contains("pinGlobalTxToPhysicalConnection=true")) {
            throw refuse(
                    "pinGlobalTxToPhysicalConnection is on: the driver then finishes a transaction only on the connection"
                            + " that began it, so that nothing can be recovered. Take it out of the URL; it is not needed here",
                    null);
        }
    }

    /** Branches that cannot be listed cannot be recovered. */
    private void list(XAConnection xa, DatabaseKind kind) throws SQLException {
        try {
            if (xa.getXAResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN) == null) {
                throw refuse("the driver gives no list of prepared transactions", null);
            }
        } catch (XAException e) {
            if (e.errorCode == XAException.XAER_RMFAIL) {
                throw new SQLException(
                        "prepared transactions cannot be listed: the database is not available",
                        SqlStates.CANNOT_CONNECT,
                        e);
            }
            throw refuse(
                    "prepared transactions cannot be listed (XA error code " + e.errorCode + ": " + e.getMessage()
                            + "). " + remedy(kind),
                    e);
        } catch (RuntimeException e) {
            throw refuse("prepared transactions cannot be listed: " + e + ". " + remedy(kind), e);
        }
    }

    private static String remedy(DatabaseKind kind) {
        return switch (kind) {
            case ORACLE ->
                "Grant the recovery user SELECT on sys.dba_pending_transactions, sys.pending_trans$ and"
                        + " sys.dba_2pc_pending, and EXECUTE on sys.dbms_xa";
            case MYSQL -> "Grant the recovery user XA_RECOVER_ADMIN ON *.* (MySQL 8 and later)";
            case MARIADB -> "Let the recovery user run XA RECOVER";
            case SQL_SERVER ->
                "Install the XA procedures (sp_sqljdbc_xa_install), make the recovery user a member of the role"
                        + " SqlJDBCXAUser, and let the Distributed Transaction Coordinator allow XA";
            default -> "Let the recovery user list them, or give another user (recoveryUser)";
        };
    }

    /** Without one a network that goes silent holds a commit up for ever. */
    private void warnOfMissingTimeout(DatabaseKind kind, @Nullable String url) {
        boolean known = kind == DatabaseKind.POSTGRESQL || kind == DatabaseKind.MARIADB || kind == DatabaseKind.MYSQL;
        if (known && !hasSocketTimeout() && (url == null || !url.contains("socketTimeout"))) {
            warn(
                    "the driver's socketTimeout is not set: if the network goes silent, a commit waits for ever. Set it to more"
                            + " than the longest statement takes");
        }
    }

    /** Some drivers tell it, others have it in the URL only. */
    private boolean hasSocketTimeout() {
        try {
            var timeout = driver.getClass().getMethod("getSocketTimeout").invoke(driver);
            return timeout instanceof Number number && number.longValue() > 0;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    /** A version as databases write it, with whatever else they write. */
    record Version(int major, int minor, int patch) {

        /** Reads the last thing that looks like a version: some put one for old clients in front. */
        static Version of(String text) {
            var found = new Version(0, 0, 0);
            for (var part : text.split("-")) {
                var numbers = part.split("\\.");
                if (numbers.length >= 2 && isNumber(numbers[0]) && isNumber(numbers[1])) {
                    int patch = numbers.length > 2 && isNumber(numbers[2]) ? Integer.parseInt(numbers[2]) : 0;
                    found = new Version(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]), patch);
                }
            }
            return found;
        }

        private static boolean isNumber(String text) {
            return !text.isEmpty() && text.length() < 9 && text.chars().allMatch(each -> each >= '0' && each <= '9');
        }

        boolean isBefore(int wantedMajor, int wantedMinor, int wantedPatch) {
            if (major != wantedMajor) {
                return major < wantedMajor;
            }
            return minor != wantedMinor ? minor < wantedMinor : patch < wantedPatch;
        }

        @Override
        public String toString() {
            return major + "." + minor + "." + patch;
        }
    }
}
