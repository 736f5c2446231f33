package dev.ktm.jdbc;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.sql.XADataSource;
import org.apache.derby.jdbc.EmbeddedXADataSource;

/**
 * A process of its own: commits one transaction in an H2 and a Derby database, and dies before or after one of the calls that their
 * drivers get. What it had promised by then stands on its standard output.
 */
final class Crasher {

    static final String ENTRY = "entry";
    /** The exit code of a death that was wanted. */
    static final int KILLED = 42;

    static final String COMMITTED = "committed";

    private Crasher() {}

    /** Arguments: a directory, {@code h2} or {@code derby}, the call, {@code before} or {@code after}. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var h2 = new FaultyXaDataSource(h2(directory));
        var derby = new FaultyXaDataSource(derby(directory));
        try (var ktm = open(directory);
                var orders = open(ktm, "h2", h2);
                var stock = open(ktm, "derby", derby)) {
            ktm.userTransaction().begin();
            (arguments[1].equals("h2") ? h2 : derby).setFault((call, after) -> {
                if (call.equals(arguments[2]) && after == arguments[3].equals("after")) {
                    Runtime.getRuntime().halt(KILLED);
                }
            });
            Databases.insert(orders, ENTRY);
            Databases.insert(stock, ENTRY);
            ktm.userTransaction().commit();
            System.out.println(COMMITTED);
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    static Ktm open(Path directory) {
        return Ktm.open(KtmOptions.builder()
                .logDirectory(directory.resolve("log"))
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    static KtmDataSource open(Ktm ktm, String name, XADataSource driver) throws Exception {
        return KtmDataSource.builder(ktm, name)
                .source(driver)
                .pool(Databases.smallPool())
                .open();
    }

    static XADataSource h2(Path directory) {
        return Databases.h2(directory, ";WRITE_DELAY=0");
    }

    static EmbeddedXADataSource derby(Path directory) {
        var database = new EmbeddedXADataSource();
        database.setDatabaseName(directory.resolve("derby").toString());
        database.setCreateDatabase("create");
        return database;
    }

    /** Makes the tables, and closes what an embedded database would not share with another process. */
    static void prepare(Path directory) throws Exception {
        for (var database : List.of(h2(directory), derby(directory))) {
            var connection = database.getXAConnection();
            try (var statement = connection.getConnection().createStatement()) {
                statement.execute(Databases.TABLE);
            } finally {
                connection.close();
            }
        }
        shutDown(directory);
    }

    /** Derby keeps its databases open until it is told to close them, which it says with an exception. */
    static void shutDown(Path directory) {
        var database = new EmbeddedXADataSource();
        database.setDatabaseName(directory.resolve("derby").toString());
        database.setShutdownDatabase("shutdown");
        try {
            database.getXAConnection().getConnection().close();
        } catch (java.sql.SQLException e) {
            if (!"08006".equals(e.getSQLState())) {
                throw new IllegalStateException(e);
            }
        }
    }
}
