package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.execute;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.enterprise.transaction.api.JavaEETransactionManager;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.naming.NamingException;
import javax.transaction.xa.Xid;

/** A server that dies in the midst of a commit, its own or that of a foreign transaction; run as a process of its own. */
final class Crash {

    static final String ORDERS = "crashorders";
    static final String STOCK = "crashstock";

    /** The foreign transaction, which is prepared when the server dies. */
    static final Xid IMPORTED = new ForeignXid("prepared before the crash");

    private Crash() {}

    /** In this directory, and whether the transaction is a foreign one. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        try (var server = start(directory)) {
            execute("jdbc/" + ORDERS, "create table sale (item varchar(20))");
            execute("jdbc/" + STOCK, "create table sale (item varchar(20))");
            var manager = server.service(JavaEETransactionManager.class);
            if (Boolean.parseBoolean(arguments[1])) {
                manager.recreate(IMPORTED, 0);
                sell();
                manager.release(IMPORTED);
                manager.getXATerminator().prepare(IMPORTED);
                Runtime.getRuntime().halt(CrashingDataSource.CRASHED);
            }
            manager.begin();
            sell();
            System.setProperty("crash", "true");
            manager.commit();
        }
    }

    private static void sell() throws NamingException, SQLException {
        execute("jdbc/" + ORDERS, "insert into sale values ('lamp')");
        execute("jdbc/" + STOCK, "insert into sale values ('lamp')");
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

    /** Runs it, in a process of its own. */
    static void runUntilItDies(Path directory, boolean isForeign) throws IOException, InterruptedException {
        var output = directory.resolve("output").toFile();
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(System.getProperty("glassfish.arguments").split(" ")));
        command.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-Dderby.stream.error.file=" + directory.resolve("derby.log"),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Crash.class.getName(),
                directory.toString(),
                Boolean.toString(isForeign)));
        var child = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        assertThat(child.waitFor()).as(() -> text(output)).isEqualTo(CrashingDataSource.CRASHED);
    }

    private static String text(File file) {
        try {
            return Files.readString(file.toPath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
