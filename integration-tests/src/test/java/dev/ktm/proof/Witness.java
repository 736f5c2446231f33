package dev.ktm.proof;

import dev.ktm.servers.Kind;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import javax.sql.DataSource;

/**
 * Writes a row into H2 after each life, in auto-commit, by the plain driver: nobody coordinates it. H2 in a file may come back from a kill
 * as it was before; then rows of the witness are gone as well, and what else is gone of the same time is H2's own loss.
 */
final class Witness {

    /**
     * A row that H2 has acknowledged.
     *
     * @param number its key
     * @param since the life in which the process of H2 that has acknowledged it was started
     */
    private record Row(int number, int since) {}

    private final Site site;
    private final List<Row> rows = new ArrayList<>();
    private int kills;
    private int since = 1;

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

    private DataSource source() {
        if (Kind.H2.xaDataSource(site.port(Kind.H2)) instanceof DataSource source) {
            return source;
        }
        throw new IllegalStateException("expected H2 to have plain connections as well");
    }

    private void execute(String sql) throws SQLException {
        try (var connection = source().getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** After this life. */
    void testify(int life) {
        if (!isNeeded()) {
            return;
        }
        int now = site.killed(Kind.H2);
        if (now != kills) {
            kills = now;
            since = life;
        }
        if (site.isUp(Kind.H2)) {
            try {
                execute("INSERT INTO witness VALUES (" + life + ")");
                rows.add(new Row(life, since));
            } catch (SQLException e) {
                // It was killed just now, and has acknowledged nothing.
            }
        }
    }

    /** From which life on H2 has lost what it had acknowledged; empty if it has lost nothing. */
    OptionalInt lostSince() throws SQLException {
        if (!isNeeded()) {
            return OptionalInt.empty();
        }
        var found = new HashSet<Integer>();
        try (var connection = source().getConnection();
                var statement = connection.createStatement();
                var all = statement.executeQuery("SELECT k FROM witness")) {
            while (all.next()) {
                found.add(all.getInt(1));
            }
        }
        return firstLost(found);
    }

    private OptionalInt firstLost(Set<Integer> found) {
        return rows.stream()
                .filter(row -> !found.contains(row.number()))
                .mapToInt(Row::since)
                .min();
    }
}
