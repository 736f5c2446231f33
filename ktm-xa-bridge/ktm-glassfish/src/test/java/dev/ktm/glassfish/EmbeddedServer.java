package dev.ktm.glassfish;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.appserv.connectors.internal.api.ConnectorRuntime;
import dev.ktm.Ktm;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.SystemException;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.glassfish.api.StartupRunLevel;
import org.glassfish.embeddable.CommandResult;
import org.glassfish.embeddable.GlassFish;
import org.glassfish.embeddable.GlassFishException;
import org.glassfish.embeddable.GlassFishProperties;
import org.glassfish.embeddable.GlassFishRuntime;
import org.glassfish.hk2.runlevel.RunLevelController;

/** A GlassFish in this JVM, with the class path's KTM. */
final class EmbeddedServer implements AutoCloseable {

    private final Path directory;
    private final Map<String, String> options;
    private final int port;
    private final GlassFishRuntime runtime;
    private final GlassFish server;

    private EmbeddedServer(
            Path directory, Map<String, String> options, int port, GlassFishRuntime runtime, GlassFish server) {
        this.port = port;
        this.directory = directory;
        this.options = options;
        this.runtime = runtime;
        this.server = server;
    }

    /** Starts one whose files are in this directory, with these {@code ktm.} properties. */
    static EmbeddedServer start(Path directory, Map<String, String> options) throws GlassFishException, IOException {
        // What the build tells its tests is no business of a server.
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("ktm."))
                .forEach(System::clearProperty);
        options.forEach((name, value) -> System.setProperty("ktm." + name, value));
        Files.createDirectories(directory);
        var properties = new GlassFishProperties();
        properties.setProperty("glassfish.embedded.tmpdir", directory.toString());
        int port = freePort();
        properties.setPort("http-listener", port);
        var runtime = GlassFishRuntime.bootstrap();
        try {
            var server = runtime.newGlassFish(properties);
            var started = new EmbeddedServer(directory, options, port, runtime, server);
            started.start();
            return started;
        } catch (GlassFishException | RuntimeException e) {
            options.keySet().forEach(name -> System.clearProperty("ktm." + name));
            runtime.shutdown();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    int port() {
        return port;
    }

    @Override
    public void close() throws GlassFishException {
        Thread.currentThread().setContextClassLoader(EmbeddedServer.class.getClassLoader());
        try {
            server.dispose();
        } finally {
            runtime.shutdown();
            options.keySet().forEach(name -> System.clearProperty("ktm." + name));
        }
    }

    /** Stops it, so that it can be started again. */
    void stop() throws GlassFishException {
        server.stop();
    }

    /** Starts it. The thread may look resources up, which are made when that is first done, with what drivers are loaded by. */
    void start() throws GlassFishException {
        server.start();
        requireStarted();
        Thread.currentThread()
                .setContextClassLoader(service(ConnectorRuntime.class).getConnectorClassLoader());
    }

    /** A start that has failed is undone, and otherwise kept to itself. */
    private void requireStarted() throws GlassFishException {
        if (service(RunLevelController.class).getCurrentRunLevel() < StartupRunLevel.VAL) {
            try {
                throw new IllegalStateException("the server did not start, although its coordinator "
                        + ktm().manager().identity() + " is open");
            } catch (SystemException | KtmException e) {
                throw new IllegalStateException("the server did not start: " + e.getMessage(), e);
            }
        }
    }

    // KTM.

    ServerCoordinator coordinator() throws GlassFishException {
        return server.getService(ServerCoordinator.class);
    }

    <S> S service(Class<S> contract) throws GlassFishException {
        return server.getService(contract);
    }

    Ktm ktm() throws GlassFishException, SystemException {
        return coordinator().ktm();
    }

    /** The only transaction that the coordinator has. */
    KtmTransaction onlyTransaction() throws Exception {
        // One that has ended before is gone a moment later.
        Until.holds(() -> ktm().manager().live().size() == 1);
        return ktm().manager().live().get(0);
    }

    // Administration.

    /** Runs an asadmin command. */
    String command(String name, String... arguments) throws GlassFishException {
        var result = server.getCommandRunner().run(name, arguments);
        if (result.getExitStatus() != CommandResult.ExitStatus.SUCCESS) {
            throw new AssertionError(
                    name + " " + String.join(" ", arguments) + ": " + result.getOutput(), result.getFailureCause());
        }
        return result.getOutput();
    }

    /** Makes a pool, and a resource of the same name in {@code jdbc/}. */
    void createPool(String name, String kind, String dataSourceClass, String properties) throws GlassFishException {
        command(
                "create-jdbc-connection-pool",
                "--restype=" + kind,
                "--datasourceclassname=" + dataSourceClass,
                "--property=" + properties,
                name);
        command("create-jdbc-resource", "--connectionpoolid=" + name, "jdbc/" + name);
    }

    /** Makes a pool whose connections can prepare. */
    void createXaPool(String name, String dataSourceClass, String properties) throws GlassFishException {
        createPool(name, "javax.sql.XADataSource", dataSourceClass, properties);
    }

    void createXaH2(String name) throws GlassFishException {
        createXaPool(name, "org.h2.jdbcx.JdbcDataSource", h2(name));
    }

    /** The properties of a database in memory. */
    static String h2(String name) {
        return "user=sa:password='':url=jdbc\\:h2\\:mem\\:" + name + "\\;DB_CLOSE_DELAY\\=-1";
    }

    // Applications.

    /** Deploys a web application of these classes and other files. */
    void deploy(String name, Map<String, String> files, Class<?>... classes) throws GlassFishException, IOException {
        var war = Archive.application(files, classes).writeTo(directory.resolve(name + ".war"));
        var deployed = server.getDeployer().deploy(war.toFile(), "--name=" + name, "--contextroot=" + name);
        assertThat(deployed).isEqualTo(name);
    }

    /** Deploys a resource adapter of these classes, which say by annotations what they are. */
    void deployAdapter(String name, Class<?>... classes) throws GlassFishException, IOException {
        var rar = new Archive()
                .file(name + ".jar", new Archive().classes("", classes).bytes())
                .writeTo(directory.resolve(name + ".rar"));
        assertThat(server.getDeployer().deploy(rar.toFile(), "--name=" + name)).isEqualTo(name);
    }

    void undeploy(String name) throws GlassFishException {
        server.getDeployer().undeploy(name);
    }
}
