package dev.ktm.glassfish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Until;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server with its own class loaders, its own process and its own restart. */
@Tag("campaign")
@Tag("full-server")
class FullServerTest {

    @TempDir
    private Path directory;

    @Test
    void twoDatabasesAgreeThroughRestartsAndACrashOfAnInstalledServer() throws Exception {
        try (var server = FullServer.install(directory)) {
            addDrivers(server);
            server.start();
            assertThat(server.log()).contains("KTM is the transaction manager; log: ");
            for (var name : List.of("orders", "stock")) {
                createPool(server, name);
            }
            deploy(server);
            assertThat(server.ask("PUT", "/shop/sale").statusCode()).isEqualTo(200);

            assertThat(server.ask("POST", "/shop/sale?item=lamp").statusCode()).isEqualTo(200);
            assertThat(server.ask("POST", "/shop/sale?item=unsaleable").statusCode())
                    .isEqualTo(500);
            assertThat(sold(server, "lamp")).isEqualTo("1 and 1");
            assertThat(sold(server, "unsaleable")).isEqualTo("0 and 0");

            server.stop();
            server.start();
            assertThat(sold(server, "lamp")).isEqualTo("1 and 1");

            assertThatThrownBy(() -> server.ask("POST", "/shop/sale?item=vase&dies=true"))
                    .isInstanceOf(IOException.class);
            Until.holds(() -> !server.isRunning());
            server.start();
            // Nobody asks for a branch: the server itself finds it.
            Until.holds(() -> sold(server, "vase").equals("1 and 1"));
            assertThat(server.command("recover-transactions", "server")).contains("successfully");
            server.stop();
        }
    }

    private static String sold(FullServer server, String item) throws IOException, InterruptedException {
        return server.ask("GET", "/shop/sale?item=" + item).body();
    }

    /** A Derby, and one that can have the server die. */
    private void addDrivers(FullServer server) throws Exception {
        // Not those of the embedded server, which brings its own.
        for (var each : System.getProperty("surefire.test.class.path").split(File.pathSeparator)) {
            var jar = Path.of(each);
            if (jar.getFileName().toString().startsWith("derby")) {
                server.addLibrary(jar);
            }
        }
        server.addLibrary(
                new Archive().classes("", CrashingDataSource.class).writeTo(directory.resolve("crashing.jar")));
    }

    private void createPool(FullServer server, String name) throws IOException, InterruptedException {
        server.command(
                "create-jdbc-connection-pool",
                "--restype=javax.sql.XADataSource",
                "--datasourceclassname=" + CrashingDataSource.class.getName(),
                "--property=createDatabase=create:databaseName=" + directory.resolve(name),
                name);
        server.command("create-jdbc-resource", "--connectionpoolid=" + name, "jdbc/" + name);
    }

    private void deploy(FullServer server) throws IOException, InterruptedException {
        var war = Archive.application(Map.of(), SaleServlet.class, Salesman.class, Naming.class)
                .writeTo(directory.resolve("shop.war"));
        server.command("deploy", "--contextroot=shop", war.toString());
    }
}
