package dev.ktm.log.testing;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for servers that are stopped and come back. The system gives those above to clients: one of them may take the port while
 * its server is down, even a client that looks for that very server, which is connected to itself then.
 */
public final class LoopbackPort {

    private static final int LOWEST = 10_000;
    private static final int LOWEST_OF_CLIENTS = 32_768;
    private static final int ATTEMPTS = 100;

    private LoopbackPort() {}

    /** A port of the loopback address that nobody listens at, and that the system gives to nobody. */
    public static int free() throws IOException {
        for (int attempt = 1; ; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, LOWEST_OF_CLIENTS);
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }
}
