package dev.ktm.cli;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Somebody who listens like a coordinator and says always the same. */
final class FakeChannel implements AutoCloseable {

    final String identity = UUID.randomUUID().toString();
    private final ServerSocketChannel server;
    private final Thread thread;

    FakeChannel(Path directory, String answer) throws IOException {
        Files.createDirectories(directory);
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(directory.resolve(identity + ".sock")));
        thread = new Thread(() -> serve(answer), "fake channel");
        thread.setDaemon(true);
        thread.start();
    }

    /** The socket of a coordinator that was killed. */
    static void leaveBehind(Path directory) throws IOException {
        new FakeChannel(directory, "").close();
    }

    private void serve(String answer) {
        while (server.isOpen()) {
            try (var peer = server.accept()) {
                var buffer = ByteBuffer.allocate(4096);
                var request = new StringBuilder();
                while (request.indexOf("\n\n") < 0 && peer.read(buffer.clear()) >= 0) {
                    request.append(StandardCharsets.UTF_8.decode(buffer.flip()));
                }
                peer.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
            } catch (IOException e) {
                // Whoever only looks whether anybody listens hangs up.
            }
        }
    }

    /** Listens no more; the socket stays. */
    @Override
    public void close() throws IOException {
        server.close();
    }
}
