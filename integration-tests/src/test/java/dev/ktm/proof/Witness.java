package dev.ktm.proof;

import dev.ktm.servers.Kind;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;

/**
 * Writes rows into H2, at the start of each life and after it, in auto-commit, by the plain driver: nobody coordinates it. H2 in a file may
 * come back from a kill as it was before; then rows of the witness are gone as well, and what else is gone of the same time is H2's own
 * loss.
 */
final class Witness {

    private final Site site;
    /** The lives at whose start a row was written, and acknowledged: by the number that is minus theirs. */
    private final Set<Integer> before = new TreeSet<>();
    /** The lives after which one was: by their number. */
    private final Set<Integer> after = new TreeSet<>();
    /** The lives in which H2 was killed. */
    private final NavigableSet<Integer> killed = new TreeSet<>();
    /** The lives after which nothing was in doubt. */
    private final NavigableSet<Integer> settled = new TreeSet<>();

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

    /**
     * In the process of a life, before anything else; returns whether H2 has acknowledged it. The connection stays: H2 would close the
     * database with its last one, and the row would be safe before the others are written.
     */
    static boolean testifyAtTheStart(int port, int life) {
        try {
            var connection = source(port).getConnection();
            try (var statement = connection.createStatement()) {
                statement.execute("INSERT INTO witness VALUES (" + -life + ")");
                return true;
            }
        } catch (SQLException e) {
            // It is away, and has acknowledged nothing.
            return false;
        }
    }

    /** After this life, which may have written its own row. */
    void testify(int life, boolean atTheStart) {
        if (!isNeeded()) {
            return;
        }
        int now = site.killed(Kind.H2);
        if (now != kills) {
            kills = now;
            killed.add(life);
        }
        if (atTheStart) {
            before.add(life);
        }
        if (site.isUp(Kind.H2)) {
            try {
                execute("INSERT INTO witness VALUES (" + life + ")");
                after.add(life);
            } catch (SQLException e) {
                // It was killed just now, and has acknowledged nothing.
            }
        }
    }

    /** What H2 has lost that it had acknowledged. Nothing is in doubt after this life. */
    List<Evidence.Loss> losses(int life) throws SQLException {
        if (!isNeeded()) {
            return List.of();
        }
        var found = new HashSet<Integer>();
        try (var connection = source(site.port(Kind.H2)).getConnection();
                var statement = connection.createStatement();
                var all = statement.executeQuery("SELECT k FROM witness")) {
            while (all.next()) {
                found.add(all.getInt(1));
            }
        }
        var losses = lost(found);
        settled.add(life);
        return losses;
    }

    private List<Evidence.Loss> lost(Set<Integer> found) {
        var all = new ArrayList<Evidence.Loss>();
        for (var life : before) {
            if (!found.contains(-life)) {
                all.add(new Evidence.Loss(firstUnsettled(life), life));
            }
        }
        for (var life : after) {
            if (!found.contains(life)) {
                var start = killed.floor(life);
                var end = killed.higher(life);
                all.add(new Evidence.Loss(
                        firstUnsettled(start == null ? 1 : start), end == null ? Integer.MAX_VALUE : end));
            }
        }
        return all;
    }

    /** What was in doubt when a life began may have been committed in it. */
    private int firstUnsettled(int life) {
        var last = settled.lower(life);
        return last == null ? 1 : last + 1;
    }
}
