package dev.ktm.processes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.h2.tools.Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Coordinators in two processes, over the same two database servers; one of them is killed. */
@Tag("slow")
class TwoProcessesTest {

    @TempDir
    Path directory;

    private Server server;
    private XADataSource orders;
    private XADataSource stock;

    @BeforeEach
    void start() throws SQLException {
        server = Server.createTcpServer("-tcpPort", "0", "-ifNotExists", "-baseDir", directory.toString())
                .start();
        orders = create("orders");
        stock = create("stock");
    }

    private String url(String name) {
        return "jdbc:h2:tcp://localhost:" + server.getPort() + "/./" + name;
    }

    private XADataSource create(String name) throws SQLException {
        var database = Committer.database(url(name));
        var connection = database.getXAConnection();
        try (var statement = connection.getConnection().createStatement()) {
            statement.execute("CREATE TABLE t (id INT)");
        }
        connection.close();
        return database;
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private int run(int value, Committer.Death death) throws Exception {
        var command = JavaCommand.of(
                List.of(),
                Committer.class.getName(),
                directory.resolve("killed"),
                url("orders"),
                url("stock"),
                value,
                death.name());
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private static List<Integer> rows(XADataSource database) throws SQLException {
        var rows = new ArrayList<Integer>();
        var connection = database.getXAConnection();
        try (var statement = connection.getConnection().createStatement();
                var found = statement.executeQuery("SELECT id FROM t ORDER BY id")) {
            while (found.next()) {
                rows.add(found.getInt(1));
            }
        } finally {
            connection.close();
        }
        return rows;
    }

    private static int inDoubt(XADataSource database) throws Exception {
        var connection = database.getXAConnection();
        try {
            return connection.getXAResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN).length;
        } finally {
            connection.close();
        }
    }

    @Test
    @Conforms({"JTA-13", "JTA-14"})
    void whatAKilledOneHasPreparedIsLeftToItsOwnRecovery() throws Exception {
        assertThat(run(1, Committer.Death.BEFORE_THE_SECOND_VOTE)).isEqualTo(9);
        assertThat(inDoubt(orders)).isOne();

        try (var other = Committer.open(directory.resolve("other"), orders, stock)) {
            other.recoverNow();
            Committer.commit(other, orders, stock, 2, Committer.Death.NEVER);
            other.recoverNow();
        }

        assertThat(inDoubt(orders)).isOne();
        assertThat(run(0, Committer.Death.RECOVERS_ONLY)).isZero();
        assertThat(inDoubt(orders)).isZero();
        assertThat(rows(orders)).containsExactly(2);
        assertThat(rows(stock)).containsExactly(2);
    }

    @Test
    @Conforms({"JTA-11", "JTA-13"})
    void whatAKilledOneHasDecidedIsCommittedByItsNextLife() throws Exception {
        assertThat(run(1, Committer.Death.BEFORE_THE_SECOND_COMMIT)).isEqualTo(9);
        assertThat(inDoubt(stock)).isOne();

        try (var other = Committer.open(directory.resolve("other"), orders, stock)) {
            other.recoverNow();
        }

        assertThat(inDoubt(stock)).isOne();
        assertThat(run(0, Committer.Death.RECOVERS_ONLY)).isZero();
        assertThat(inDoubt(stock)).isZero();
        assertThat(rows(orders)).containsExactly(1);
        assertThat(rows(stock)).containsExactly(1);
    }
}
