package dev.ktm.servers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** A port on the loopback address that passes everything on to another, until it is told to lose something. */
public final class Proxy implements AutoCloseable {

    /** What is lost next. */
    public enum Loss {
        NOTHING,
        /** What a client sends next does not arrive, and its connection ends. */
        REQUEST,
        /** What the server sends next does not arrive, and the connection ends: it has done what it was asked to do. */
        REPLY
    }

    private static final int BUFFER_BYTES = 1 << 16;

    private final ServerSocket entrance;
    private final int target;
    private final Set<Pipe> open = ConcurrentHashMap.newKeySet();
    private final AtomicReference<Loss> loss = new AtomicReference<>(Loss.NOTHING);
    private volatile Steps.Harm atLoss = () -> {};

    private final AtomicInteger roundTrips = new AtomicInteger();

    private Proxy(ServerSocket entrance, int target) {
        this.entrance = entrance;
        this.target = target;
    }

    static Proxy to(int target) throws IOException {
        var proxy = new Proxy(new ServerSocket(0, 0, InetAddress.getLoopbackAddress()), target);
        run("proxy to " + target, proxy::accept);
        return proxy;
    }

    private static void run(String name, Runnable what) {
        var thread = new Thread(what, name);
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return entrance.getLocalPort();
    }

    /** Ends every connection. New ones are accepted. */
    void cut() {
        open.forEach(Pipe::close);
    }

    /** Loses one message, of whichever connection is first, and does harm before the client can know. */
    void loseNext(Loss what, Steps.Harm harm) {
        atLoss = harm;
        loss.set(what);
    }

    /** How often a client has said something after it was answered, on all connections so far. */
    int roundTrips() {
        return roundTrips.get();
    }

    private void accept() {
        while (!entrance.isClosed()) {
            try {
                new Pipe(entrance.accept()).open();
            } catch (IOException e) {
                // Closed, or the server does not listen: then the client's connection is closed as well.
            }
        }
    }

    @Override
    public void close() throws IOException {
        entrance.close();
        cut();
    }

    /** One connection. */
    private final class Pipe {
        private final Socket client;
        private final Socket server = new Socket();

        /** Whether the server has spoken last. */
        private final AtomicBoolean answered = new AtomicBoolean(true);

        Pipe(Socket client) {
            this.client = client;
        }

        void open() throws IOException {
            open.add(this);
            try {
                server.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), target));
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                var up = client.getInputStream();
                var down = server.getInputStream();
                var toServer = server.getOutputStream();
                var toClient = client.getOutputStream();
                run("requests to " + target, () -> pass(up, toServer, Loss.REQUEST));
                run("replies from " + target, () -> pass(down, toClient, Loss.REPLY));
            } catch (IOException e) {
                close();
                throw e;
            }
        }

        private void pass(InputStream from, OutputStream to, Loss way) {
            var buffer = new byte[BUFFER_BYTES];
            try {
                for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                    if (loss.compareAndSet(way, Loss.NOTHING)) {
                        atLoss.done();
                        break;
                    }
                    count(way);
                    to.write(buffer, 0, count);
                    to.flush();
                }
            } catch (IOException e) {
                // One end is gone: so is the other.
            } catch (Exception e) {
                throw new IllegalStateException("the harm could not be done", e);
            } finally {
                close();
            }
        }

        private void count(Loss way) {
            if (way == Loss.REPLY) {
                answered.set(true);
            } else if (answered.compareAndSet(true, false)) {
                roundTrips.incrementAndGet();
            }
        }

        void close() {
            open.remove(this);
            for (var each : new Socket[] {client, server}) {
                try {
                    each.close();
                } catch (IOException e) {
                    // It is of no use any more.
                }
            }
        }
    }
}
