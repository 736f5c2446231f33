package dev.ktm.proof;

import dev.ktm.proof.Testimony.Moment;
import dev.ktm.servers.Kind;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;

/**
 * Writes rows into H2, at the start of each life, after it and after each check, in auto-commit, by the plain driver: nobody coordinates
 * it. H2 in a file may come back from a kill as it was before; then rows of the witness are gone as well, and what else is gone of the
 * same time is H2's own loss.
 */
final class Witness {

    private final Site site;
    private final Testimony testimony = new Testimony();
    private final List<Evidence.Loss> losses = new ArrayList<>();
    private int kills;

    private Witness(Site site) {
        this.site = site;
    }

    static Witness of(Site site) throws SQLException {
        var witness = new Witness(site);
        if (witness.isNeeded()) {
            witness.execute("CREATE TABLE witness (k INTEGER PRIMARY KEY)");
        }
        return witness;
    }

    private boolean isNeeded() {
        return site.kinds().contains(Kind.H2);
    }

    private static DataSource source(int port) {
        if (Kind.H2.xaDataSource(port) instanceof DataSource source) {
            return source;
        }
        throw new IllegalStateException("expected H2 to have plain connections as well");
    }

    private void execute(String sql) throws SQLException {
        try (var connection = source(site.port(Kind.H2)).getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String insert(int row) {
        return "INSERT INTO witness VALUES (" + row + ")";
    }

    /**
     * In the process of a life, before anything else. Once H2 has acknowledged its row it runs what it is given, and then keeps its
     * connection until it is interrupted: H2 would close the database with its last one, and the row would be safe before the others are
     * written. Returns at once if H2 is away.
     */
    static void testifyAtTheStart(int port, int life, Runnable acknowledged) throws InterruptedException {
        try (var connection = source(port).getConnection();
                var statement = connection.createStatement()) {
            statement.execute(insert(Moment.START.row(life)));
            acknowledged.run();
            new CountDownLatch(1).await();
        } catch (SQLException e) {
            // It is away, and has acknowledged nothing.
        }
    }

    /** After this life, which may have written its own row. */
    void testify(int life, boolean atTheStart) {
        if (!isNeeded()) {
            return;
        }
        // What is killed from here on is of the next life.
        int now = site.killed(Kind.H2);
        if (now != kills) {
            kills = now;
            testimony.killed(life);
        }
        if (atTheStart) {
            testimony.acknowledged(Moment.START.row(life));
        }
        if (site.isUp(Kind.H2)) {
            try {
                look();
                testify(Moment.END.row(life));
            } catch (SQLException e) {
                // It was killed just now, and has acknowledged nothing.
            }
        }
    }

    private void testify(int row) throws SQLException {
        execute(insert(row));
        testimony.acknowledged(row);
    }

    /** All that H2 has lost so far of what it had acknowledged. It is there, and nothing is in doubt after this life. */
    List<Evidence.Loss> losses(int life) throws SQLException {
        if (!isNeeded()) {
            return List.of();
        }
        look();
        testify(Moment.CHECK.row(life));
        return List.copyOf(losses);
    }

    private void look() throws SQLException {
        testimony.seen(found()).ifPresent(losses::add);
    }

    private Set<Integer> found() throws SQLException {
        var found = new HashSet<Integer>();
        try (var connection = source(site.port(Kind.H2)).getConnection();
                var statement = connection.createStatement();
                var all = statement.executeQuery("SELECT k FROM witness")) {
            while (all.next()) {
                found.add(all.getInt(1));
            }
        }
        return found;
    }
}
