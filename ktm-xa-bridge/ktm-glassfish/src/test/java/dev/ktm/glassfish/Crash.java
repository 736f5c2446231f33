package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.execute;

import jakarta.transaction.TransactionManager;
import java.nio.file.Path;
import java.util.Map;

/** A server that dies in the midst of a commit; run as a process of its own. */
final class Crash {

    static final String ORDERS = "crashorders";
    static final String STOCK = "crashstock";

    private Crash() {}

    /** In this directory. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        try (var server = start(directory)) {
            execute("jdbc/" + ORDERS, "create table sale (item varchar(20))");
            execute("jdbc/" + STOCK, "create table sale (item varchar(20))");
            var manager = server.service(TransactionManager.class);
            manager.begin();
            execute("jdbc/" + ORDERS, "insert into sale values ('lamp')");
            execute("jdbc/" + STOCK, "insert into sale values ('lamp')");
            System.setProperty("crash", "true");
            manager.commit();
        }
    }

    /** A server on the log and the databases of this directory. */
    static EmbeddedServer start(Path directory) throws Exception {
        var server = EmbeddedServer.start(
                directory.resolve("server"),
                Map.of("logDirectory", directory.resolve("log").toString(), "recoveryInterval", "PT0.2S"));
        for (var name : new String[] {ORDERS, STOCK}) {
            server.createXaPool(
                    name,
                    CrashingDataSource.class.getName(),
                    "createDatabase=create:databaseName=" + directory.resolve(name));
        }
        return server;
    }
}
