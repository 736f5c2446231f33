package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.jta.XaResourceFactory;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server that dies in the middle of a commit finishes it when it starts again, with no code for it. */
@Tag("slow")
class CrashTest {

    private static final int KILLED = 42;

    @TempDir
    Path directory;

    private static Settings settings(Path base) {
        var derby = "org.apache.derby.jdbc.EmbeddedXADataSource";
        var ledger = base.resolve("ledger").toString();
        return Settings.of(base)
                .with("transactions.recoveryInterval", "PT0.1S")
                .withDatabase(
                        "orders", derby, "databaseName", base.resolve("orders").toString())
                .withDatabase(
                        "audit", derby, "databaseName", base.resolve("audit").toString())
                .with("ordersXa.createDatabase", "create")
                .with("auditXa.createDatabase", "create")
                .with("ledger", "new://Resource?type=DataSource")
                .with("ledger.JdbcDriver", derby)
                .with("ledger.databaseName", ledger)
                .with("ledger.createDatabase", "create")
                .withLocal("org.apache.derby.iapi.jdbc.AutoloadedDriver", "jdbc:derby:" + base.resolve("orders"));
    }

    /** A resource that ends the process instead of doing this. */
    private static XAResource killer(Set<String> deadly) {
        return (XAResource) Proxy.newProxyInstance(
                XAResource.class.getClassLoader(), new Class<?>[] {XAResource.class}, (proxy, method, arguments) -> {
                    if (deadly.contains(method.getName())) {
                        Runtime.getRuntime().halt(KILLED);
                    }
                    return switch (method.getName()) {
                        case "recover" -> new Xid[0];
                        case "isSameRM" -> proxy == Objects.requireNonNull(arguments)[0];
                        case "setTransactionTimeout" -> false;
                        case "getTransactionTimeout", "prepare" -> XAResource.XA_OK;
                        default -> null;
                    };
                });
    }

    /** The server that dies. */
    static final class Victim {

        private Victim() {}

        /** Sells something in three databases and an entity, and does not live to tell. */
        public static void main(String[] arguments) throws Exception {
            var server = Server.start(settings(Path.of(arguments[0])));
            var killer = server.ktm().named("killer", killer(Set.of(arguments[1])));
            server.shop.makeTables();
            server.shop.inTransaction(() -> {
                var transaction = Objects.requireNonNull(server.manager().getTransaction());
                if (arguments[2].equals("first")) {
                    transaction.enlistResource(killer);
                }
                server.shop.sell("lamp");
                server.shop.book("lamp");
                if (arguments[2].equals("last")) {
                    transaction.enlistResource(killer);
                }
            });
            server.close();
        }
    }

    private void runVictim(String deadly, String position) throws Exception {
        var output = directory.resolve("output");
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dderby.stream.error.file=" + directory.resolve("derby.log"),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Victim.class.getName(),
                directory.toString(),
                deadly,
                position));
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor()).as(() -> textOf(output)).isEqualTo(KILLED);
    }

    private static String textOf(Path file) {
        try {
            return Files.readString(file);
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }

    /** Whoever died first has nothing left to finish. */
    private static void bury(Ktm ktm) {
        XaResourceFactory remains = () -> killer(Set.of());
        ktm.register("killer", remains);
    }

    @ParameterizedTest
    @CsvSource({
        "prepare, first, false", // nobody has voted
        "prepare, last, false", // all others have voted yes
        "commit, first, true", // it is decided, and nobody knows
        "commit, last, true" // the others have committed
    })
    void theNextServerFinishesWhatTheFormerHasBegun(String deadly, String position, boolean isSold) throws Exception {
        runVictim(deadly, position);

        try (var server = Server.start(settings(directory))) {
            assertThat(server.ktm().resourceManagers()).containsExactly("auditXa", "ledger", "ordersXa");
            bury(server.ktm());
            server.ktm().recoverNow();

            var expected = isSold ? List.of("lamp") : List.of();
            assertThat(server.shop.sold()).isEqualTo(expected);
            assertThat(server.shop.noted()).isEqualTo(expected);
            assertThat(server.shop.booked()).isEqualTo(expected);
            assertThat(server.ktm().manager().transactions()).isEmpty();

            server.shop.sell("clock");
            assertThat(server.shop.sold()).contains("clock");
        }
    }
}
