package dev.ktm.console;

import com.sun.net.httpserver.HttpServer;
import dev.ktm.operator.Operations;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A console on a port of its own, that only this machine reaches. It answers at most {@value #MOST_THREADS} requests at once and turns
 * away more than {@value #MOST_WAITING} that wait; its threads are daemons. To be closed before its coordinator is.
 */
public final class ConsoleServer implements AutoCloseable {

    /** The most requests that are answered at once. */
    public static final int MOST_THREADS = 8;

    /** The most connections that wait for a thread. */
    public static final int MOST_WAITING = 64;

    private static final int IDLE_SECONDS = 10;

    private final Console console;
    private final HttpServer server;
    private final ThreadPoolExecutor threads;
    private final URI address;

    private ConsoleServer(Console console, HttpServer server, ThreadPoolExecutor threads) {
        this.console = console;
        this.server = server;
        this.threads = threads;
        this.address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    /**
     * Opens it.
     *
     * @param operations of {@code Ktm.operations()}
     * @throws IOException if the port is taken; nothing is left open then
     */
    public static ConsoleServer open(Operations operations, ConsoleOptions options) throws IOException {
        // As numbers: what "localhost" is, is said by a file that others may have changed.
        var local = InetAddress.getByAddress("127.0.0.1", new byte[] {127, 0, 0, 1});
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(local, options.port()), MOST_WAITING);
        } catch (IOException e) {
            throw new IOException(
                    "expected a port of 127.0.0.1 for the console that is free, found " + options.port() + " ("
                            + e.getMessage() + "): choose another, or 0 for any",
                    e);
        }
        var number = new AtomicInteger();
        var threads = new ThreadPoolExecutor(
                MOST_THREADS,
                MOST_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MOST_WAITING),
                task -> daemon(task, "ktm console " + number.incrementAndGet()));
        threads.allowCoreThreadTimeOut(true);
        Console console = null;
        try {
            console = new Console(operations, options.withRemoteClients(false));
            server.createContext("/", new ConsoleHandler(console));
            server.setExecutor(threads);
            var opened = new ConsoleServer(console, server, threads);
            start(server);
            console.isServedAt(opened.address.toString());
            return opened;
        } catch (RuntimeException | Error e) {
            if (console != null) {
                console.close();
            }
            server.stop(0);
            threads.shutdownNow();
            throw e;
        }
    }

    /** Its thread is a daemon if the one is that starts it, and has the class loader of that for ever. */
    private static void start(HttpServer server) {
        var failure = new AtomicReference<@Nullable Throwable>();
        var starter = daemon(server::start, "ktm console start");
        starter.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
        starter.start();
        boolean interrupted = false;
        while (starter.isAlive()) {
            try {
                starter.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure.get() != null) {
            throw new IllegalStateException("the console's server does not start", failure.get());
        }
    }

    private static Thread daemon(Runnable task, String name) {
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.setContextClassLoader(ConsoleServer.class.getClassLoader());
        return thread;
    }

    /** Where the page is, without the token. */
    public URI address() {
        return address;
    }

    /** Where the page is, with the token behind the {@code #}: secret. */
    public URI link() {
        return URI.create(console.link().orElseThrow());
    }

    /** Ends what is being answered, and lets the port go. */
    @Override
    public void close() {
        console.close();
        server.stop(0);
        threads.shutdownNow();
    }
}
