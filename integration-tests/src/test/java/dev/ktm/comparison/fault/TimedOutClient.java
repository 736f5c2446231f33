package dev.ktm.comparison.fault;

import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.h2.jdbcx.JdbcDataSource;

/** A client that does not notice that its transaction has timed out. */
final class TimedOutClient {

    private static final int TIMEOUT_SECONDS = 1;
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(5);
    /** What ends a transaction on another thread may still be at work. */
    private static final long AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private TimedOutClient() {}

    static void work(Contestant contestant, Facts facts) throws Exception {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:database;DB_CLOSE_DELAY=-1");
        database.setUser("sa");
        database.setPassword("");
        try (var connection = database.getConnection()) {
            connection.createStatement().execute("CREATE TABLE t (what VARCHAR(20))");
        }
        var source = contestant.dataSource(database);
        var manager = contestant.manager();
        manager.setTransactionTimeout(TIMEOUT_SECONDS);
        manager.begin();
        // Kept open, as by somebody who is in the middle of something.
        var first = source.getConnection();
        insert(first, "before");
        long end = System.nanoTime() + MOST_NANOS;
        while (manager.getStatus() == Status.STATUS_ACTIVE && System.nanoTime() < end) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        facts.add("noticed", manager.getStatus() != Status.STATUS_ACTIVE);
        LockSupport.parkNanos(AFTER_NANOS);
        facts.add("same", told(() -> insert(first, "same")));
        facts.add("new", told(() -> {
            try (var second = source.getConnection()) {
                insert(second, "new");
            }
        }));
        facts.add("close", told(first::close));
        facts.add("commit", commit(contestant));
        // A lock that is left behind would make this wait.
        try (var connection = database.getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT what FROM t")) {
            while (rows.next()) {
                facts.add("row." + rows.getString(1), "there");
            }
        }
    }

    private static void insert(Connection connection, String what) throws SQLException {
        try (var statement = connection.prepareStatement("INSERT INTO t VALUES (?)")) {
            statement.setString(1, what);
            statement.executeUpdate();
        }
    }

    private interface Call {
        void run() throws Exception;
    }

    private static String told(Call call) {
        try {
            call.run();
            return "done";
        } catch (Exception e) {
            return Client.kind(e);
        }
    }

    private static String commit(Contestant contestant) {
        try {
            contestant.manager().commit();
            return "committed";
        } catch (RollbackException e) {
            return "rolled back";
        } catch (Exception e) {
            return Client.kind(e);
        }
    }
}
