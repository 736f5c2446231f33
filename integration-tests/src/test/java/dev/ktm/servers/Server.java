package dev.ktm.servers;

import dev.ktm.log.testing.LoopbackPort;
import dev.ktm.log.testing.Until;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One resource manager in a process of its own. It keeps its data and its ports over kills and restarts. */
public final class Server implements AutoCloseable {

    /** The names of the tables or queues that everybody has. */
    public static final String ORDERS = "orders";

    public static final String STOCK = "stock";

    private static final Duration LONGEST_START = Duration.ofSeconds(60);

    private static final int MOST_RELAUNCHES = 50;

    private final Kind kind;
    private final Path directory;
    private final int port;
    private final Proxy proxy;
    private @Nullable Leash process;
    private int relaunches;

    private Server(Kind kind, Path directory, int port, Proxy proxy) {
        this.kind = kind;
        this.directory = directory;
        this.port = port;
        this.proxy = proxy;
    }

    /** Installs a server below this directory, starts it, and makes its tables or queues. */
    public static Server start(Kind kind, Path directory) throws Exception {
        Files.createDirectories(directory);
        int port = LoopbackPort.free();
        var server = new Server(kind, directory, port, Proxy.to(port));
        try {
            kind.product().install(directory);
            server.start();
            server.direct(ORDERS).setUp();
            server.direct(STOCK).setUp();
            return server;
        } catch (Exception | Error e) {
            server.close();
            throw e;
        }
    }

    Kind kind() {
        return kind;
    }

    /** The port that it listens at. */
    public int port() {
        return port;
    }

    /** Where a database's driver finds it, with user and password. */
    public String url() {
        return kind.product().url(port);
    }

    /** Somebody whose connections for work can be cut; others, for looking and recovery, are never in the way of that. */
    Client client(String place) {
        return new Client.ThroughProxy(kind.product().client(proxy.port(), place), direct(place));
    }

    private Client direct(String place) {
        return kind.product().client(port, place);
    }

    /** Starts it on the data that it has, and returns when it can be used. */
    public void start() throws Exception {
        launch();
        Until.answers(LONGEST_START, () -> {
            if (!process().isRunning()) {
                relaunch();
            }
            direct(ORDERS).open().close();
            if (kind.product().isBroken(port)) {
                relaunch();
                return false;
            }
            return true;
        });
        relaunches = 0;
    }

    /** Starts it unless it runs. */
    void ensureStarted() throws Exception {
        var current = process;
        if (current == null || !current.isRunning()) {
            start();
        }
    }

    private void launch() throws IOException {
        process = Leash.start(directory.resolve("server.log"), kind.product().command(directory, port));
    }

    /** What is left of a killed server may hold its memory or its port for a moment; then the next one ends at once. */
    private void relaunch() throws IOException {
        relaunches++;
        if (relaunches > MOST_RELAUNCHES) {
            throw new IllegalStateException(kind + " has ended:\n" + process().lastWords());
        }
        process().close();
        launch();
    }

    private Leash process() {
        var running = process;
        if (running == null) {
            throw new IllegalStateException(kind + " is not running");
        }
        return running;
    }

    /** As a crash would end it. */
    public void kill() throws IOException {
        process().close();
        process = null;
        proxy.cut();
    }

    /** As an administrator would end it. */
    void stop() throws IOException, InterruptedException {
        var running = process();
        running.signal(kind.product().stopSignal());
        running.awaitEnd();
        process = null;
        proxy.cut();
    }

    /** Lets it hang: it keeps its connections, and answers nobody. */
    public void pause() throws IOException, InterruptedException {
        process().signalAll("STOP");
    }

    /** Lets it go on. */
    public void resume() throws IOException, InterruptedException {
        process().signalAll("CONT");
    }

    /** Ends all connections of its clients. */
    public void cutConnections() {
        proxy.cut();
    }

    /** How often clients have asked and were answered, through the proxy. */
    int roundTrips() {
        return proxy.roundTrips();
    }

    /** Ends the next connection that says something this way, and loses what it says. */
    void loseNext(Proxy.Loss what) {
        loseNext(what, () -> {});
    }

    /** As {@link #loseNext(Proxy.Loss)}, and does harm before anybody hears of it. */
    public void loseNext(Proxy.Loss what, Steps.Harm harm) {
        proxy.loseNext(what, harm);
    }

    /** The port of its proxy: connections through it can be cut, and what they say can be lost. */
    public int proxyPort() {
        return proxy.port();
    }

    /** Is killed when it has done what the next one asks it to do, and before anybody hears of it. */
    void dieBeforeTheNextReply() {
        proxy.loseNext(Proxy.Loss.REPLY, this::kill);
    }

    @Override
    public void close() throws IOException {
        var running = process;
        process = null;
        if (running != null) {
            running.close();
        }
        proxy.close();
    }
}
