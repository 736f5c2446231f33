package dev.ktm.jdbc;

import dev.ktm.jta.DecisionTableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Optional;
import javax.sql.XAConnection;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a database without XA before its first transaction: whether its table of decisions is there, and whether what it commits
 * is on its disk when it says so. If it were not, a crash could take the decision and leave what followed from it.
 *
 * @param name the stable name of the data source
 * @param table its table of decisions
 * @param chosen the profile that the application has chosen, if it has
 */
record LastResourceProbe(String name, DecisionTableName table, Optional<AdapterProfile> chosen)
        implements Adapter.Look {

    @Override
    public Adapter.Found look(XAConnection xa) throws SQLException {
        // The connection is its own handle: whoever has opened it closes it.
        var connection = xa.getConnection();
        try {
            var kind = DatabaseKind.of(connection.getMetaData());
            requireDurable(connection, kind);
            requireTable(connection, kind);
            // It has one phase, and nothing is ever in doubt on a connection of it.
            var profile = chosen.orElseGet(() -> AdapterProfile.of(kind))
                    .withOnePhase(true)
                    .withKeptInDoubt(false);
            return new Adapter.Found(kind, profile);
        } finally {
            Probe.endTransaction(connection);
        }
    }

    private MisconfiguredDataSourceException refuse(String text, @Nullable Throwable cause) {
        return new MisconfiguredDataSourceException("last resource \"" + name + "\": " + text, cause);
    }

    private static String value(Connection connection, String query) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            return rows.next() ? String.valueOf(rows.getString(1)) : "";
        }
    }

    private void requireDurable(Connection connection, DatabaseKind kind) throws SQLException {
        switch (kind) {
            case H2 -> {
                var delay = value(
                        connection,
                        "SELECT SETTING_VALUE FROM INFORMATION_SCHEMA.SETTINGS WHERE SETTING_NAME = 'WRITE_DELAY'");
                var url = connection.getMetaData().getURL();
                if (!delay.equals("0") && !url.startsWith("jdbc:h2:mem:")) {
                    throw refuse(
                            "H2's WRITE_DELAY is " + (delay.isEmpty() ? "not visible" : delay + " ms")
                                    + ", so that a crash can take what it has committed, and with it the decision for"
                                    + " everybody else: add ;WRITE_DELAY=0 to the URL",
                            null);
                }
            }
            case POSTGRESQL -> {
                var synchronous = value(connection, "SHOW synchronous_commit");
                if (synchronous.equals("off")) {
                    throw refuse(
                            "PostgreSQL's synchronous_commit is off, so that a crash can take what it has committed, and"
                                    + " with it the decision for everybody else: switch it on for this user or database",
                            null);
                }
            }
            case MARIADB, MYSQL -> {
                var flush = value(connection, "SELECT @@innodb_flush_log_at_trx_commit");
                if (!flush.equals("1")) {
                    throw refuse(
                            "innodb_flush_log_at_trx_commit is " + flush
                                    + ", so that a crash can take what it has committed,"
                                    + " and with it the decision for everybody else: set it to 1",
                            null);
                }
            }
            case DERBY, ORACLE, SQL_SERVER, DB2, HSQLDB, OTHER -> {}
        }
    }

    private void requireTable(Connection connection, DatabaseKind kind) throws SQLException {
        try {
            requireKey(connection, kind);
        } catch (MisconfiguredDataSourceException e) {
            throw e;
        } catch (SQLException e) {
            throw refuse(
                    "its table of decisions, " + table + ", cannot be read (" + e.getMessage()
                            + "). Make it, once, with: " + statement(kind),
                    e);
        }
        if (kind == DatabaseKind.MARIADB || kind == DatabaseKind.MYSQL) {
            var schema = table.schema().map(text -> "'" + text + "'").orElse("DATABASE()");
            var engine = value(
                    connection,
                    "SELECT engine FROM information_schema.tables WHERE table_schema = " + schema
                            + " AND table_name = '" + table.table() + "'");
            if (!engine.isEmpty() && !engine.toLowerCase(Locale.ROOT).equals("innodb")) {
                throw refuse(
                        "its table of decisions, " + table + ", has engine " + engine
                                + ", which knows no transactions: ALTER TABLE " + table + " ENGINE = InnoDB",
                        null);
            }
        }
    }

    /**
     * The key is what makes an answer final: whoever asks puts a row there. So two rows of one transaction are tried, and both
     * are taken back; that shows as well whether the user may write.
     */
    private void requireKey(Connection connection, DatabaseKind kind) throws SQLException {
        boolean autoCommit = connection.getAutoCommit();
        connection.setAutoCommit(false);
        try {
            insert(connection);
            boolean refused;
            try {
                insert(connection);
                refused = false;
            } catch (SQLException e) {
                refused = true;
            }
            connection.rollback();
            if (!refused) {
                throw refuse(
                        "its table of decisions, " + table
                                + ", takes two rows of one transaction: it lacks its primary key. Make it with: "
                                + statement(kind),
                        null);
            }
            try (var statement = connection.createStatement()) {
                statement.executeUpdate("DELETE FROM " + table + " WHERE manager_id = ''");
            }
        } finally {
            connection.rollback();
            connection.setAutoCommit(autoCommit);
        }
    }

    private void insert(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO " + table
                    + " (manager_id, incarnation, sequence_number, outcome) VALUES ('probe', 0, 0, 'R')");
        }
    }

    /** How the table is made. */
    private String statement(DatabaseKind kind) {
        return switch (kind) {
            case ORACLE -> table.creation("VARCHAR2(36)", "NUMBER(19)");
            case MARIADB, MYSQL -> table.creation() + " ENGINE = InnoDB";
            default -> table.creation();
        };
    }
}
