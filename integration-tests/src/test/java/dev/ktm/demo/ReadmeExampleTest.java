package dev.ktm.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogOptions;
import dev.ktm.log.Lsn;
import dev.ktm.log.ReadMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the README are this code, and they work. */
class ReadmeExampleTest {

    private static final String START = "        // README\n";
    private static final String END = "        // end of README\n";

    @TempDir
    Path directory;

    @Test
    void theExampleDoesWhatTheReadmeSays() throws LogException {
        var found = example(directory.resolve("log"));

        assertThat(found).containsExactly("work", "decided");
    }

    @Test
    void bothDatabasesAreChangedOrNeither() throws Exception {
        var orders = database("orders", "CREATE TABLE orders (id INT, item VARCHAR(9))");
        var stock = database("stock", "CREATE TABLE stock (item VARCHAR(9), left_over INT)");
        var order = orders.getXAConnection();
        var item = stock.getXAConnection();

        commit(directory.resolve("ktm"), orders, order, stock, item);

        assertThat(count(orders, "orders")).isOne();
        assertThat(count(stock, "stock")).isOne();
        order.close();
        item.close();
    }

    private JdbcDataSource database(String name, String table) throws SQLException {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:" + directory.resolve(name) + ";DB_CLOSE_DELAY=0");
        try (var connection = database.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(table);
        }
        return database;
    }

    private static int count(JdbcDataSource database, String table) throws SQLException {
        try (var connection = database.getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    @Test
    void theReadmeShowsTheExamplesAsTheyAre() throws IOException {
        for (var example : List.of("private static List<String> example", "private static void commit")) {
            assertThat(Files.readString(Path.of("..", "README.md"), UTF_8)).contains(codeOf(example));
        }
    }

    @Test
    void aTransactionIsTenLines() throws IOException {
        assertThat(codeOf("private static void commit").lines())
                .filteredOn(line -> !line.isBlank())
                .hasSize(10);
    }

    private static String codeOf(String example) throws IOException {
        var source = Files.readString(Path.of("src/test/java/dev/ktm/demo/ReadmeExampleTest.java"), UTF_8);
        // The markers stand in constants first, then around the code.
        int start = source.indexOf(START, source.indexOf(example)) + START.length();
        return source.substring(start, source.indexOf(END, start))
                .lines()
                .map(line -> line.isEmpty() ? line : line.substring(8))
                .collect(Collectors.joining("\n"));
    }

    private static void commit(
            Path directory, XADataSource orders, XAConnection order, XADataSource stock, XAConnection item)
            throws Exception {
        // README
        try (var ktm = Ktm.open(KtmOptions.builder().logDirectory(directory).build())) {
            ktm.register("orders", orders); // how their branches are found again after a crash
            ktm.register("stock", stock);

            ktm.userTransaction().begin();
            ktm.transactionManager().getTransaction().enlistResource(ktm.named("orders", order.getXAResource()));
            ktm.transactionManager().getTransaction().enlistResource(ktm.named("stock", item.getXAResource()));
            order.getConnection().createStatement().execute("INSERT INTO orders VALUES (1, 'lamp')");
            item.getConnection().createStatement().execute("INSERT INTO stock VALUES ('lamp', -1)");
            ktm.userTransaction().commit(); // both, or neither, whatever happens meanwhile
        }
        // end of README
    }

    private static List<String> example(Path directory) throws LogException {
        var found = new ArrayList<String>();
        // README
        try (var log = Log.open(directory, LogOptions.defaults())) {
            var stream = log.stream("tm");
            long work = stream.append(ByteBuffer.wrap("work".getBytes(UTF_8)));
            // Returns when both are durable: a force covers all that was appended before, to any stream.
            stream.appendForced(ByteBuffer.wrap("decided".getBytes(UTF_8)), work, Lsn.INVALID);

            var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
            while (reader.next()) {
                found.add(UTF_8.decode(reader.payload()).toString());
            }
            stream.clear(); // nothing of this is needed any more: the space is free
        }
        // end of README
        return found;
    }
}
