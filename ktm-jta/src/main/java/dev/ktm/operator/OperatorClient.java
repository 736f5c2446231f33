package dev.ktm.operator;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Asks a coordinator over its channel. Safe for many threads: each call has a connection of its own. */
public final class OperatorClient {

    /** The end of the names of channels; before it stands the identity of the coordinator. */
    public static final String SUFFIX = ".sock";

    /** The longest answer that is read, in bytes. */
    public static final int MOST_ANSWER_BYTES = 256 * 1024 * 1024;

    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int NANOS_PER_MILLI = 1_000_000;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Path socket;
    private final Duration limit;

    /**
     * Of the coordinator that listens there.
     *
     * @param limit how long a call may take in all
     */
    public OperatorClient(Path socket, Duration limit) {
        this.socket = socket;
        this.limit = limit;
    }

    /** Where the channels of the user's coordinators are, unless these were told otherwise. */
    public static Path defaultDirectory() {
        return ChannelDirectory.ofUser();
    }

    /**
     * The channels in a directory, in the order of their names; also of coordinators that are dead. Empty if there is no such
     * directory.
     *
     * @throws IOException if it cannot be read, or is none that only its owner may enter, so that somebody else could answer
     */
    public static List<Path> channels(Path directory) throws IOException {
        if (Files.notExists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        ChannelDirectory.requireTrusted(directory);
        var all = new ArrayList<Path>();
        try (var found = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            found.forEach(all::add);
        }
        all.sort(Comparator.naturalOrder());
        return all;
    }

    /** Whether nobody listens there any more: its coordinator was killed. */
    public static boolean isDead(Path socket) {
        return DeadChannels.isDead(socket);
    }

    /** Removes the channels in a directory that nobody listens to any more and that are not quite new. */
    public static void removeDead(Path directory) {
        new DeadChannels(directory).remove();
    }

    /**
     * Sends a request and reads the answer: one document of JSON, in UTF-8.
     *
     * @throws ConnectException if nobody listens there
     * @throws IOException if there is no such channel, it takes longer than the limit, or the answer is cut off or too long
     */
    public byte[] ask(String verb, Map<String, String> arguments) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        try (var channel = connect(end);
                var selector = Selector.open()) {
            var key = channel.register(selector, SelectionKey.OP_WRITE);
            // Whoever is not served is answered before all is sent.
            var request =
                    ByteBuffer.wrap(OperatorRequest.format(verb, arguments).getBytes(StandardCharsets.UTF_8));
            var answer = new ByteArrayOutputStream();
            send(channel, selector, request, end);
            key.interestOps(SelectionKey.OP_READ);
            return receive(channel, selector, answer, end);
        }
    }

    /**
     * The queue of those who have not been let in is full on a machine under load, and of a process that is stopped. A connect that
     * waits would wait for it without limit: so it is tried again.
     */
    private SocketChannel connect(long end) throws IOException {
        while (true) {
            var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            boolean isConnected = false;
            try {
                channel.configureBlocking(false);
                isConnected = channel.connect(UnixDomainSocketAddress.of(socket));
                if (isConnected) {
                    return channel;
                }
            } catch (ConnectException e) {
                throw e;
            } catch (SocketException e) {
                // EAGAIN has no exception of its own, and its text may be in any language.
                if (!Files.isWritable(socket)) {
                    throw e;
                }
            } finally {
                if (!isConnected) {
                    channel.close();
                }
            }
            LockSupport.parkNanos(this, PAUSE_NANOS);
            requireTimeLeft(end);
        }
    }

    private void send(SocketChannel channel, Selector selector, ByteBuffer request, long end) throws IOException {
        try {
            while (request.hasRemaining()) {
                if (channel.write(request) == 0) {
                    await(selector, end);
                }
            }
        } catch (IOException e) {
            if (request.position() == 0 || isLate(end)) {
                throw e;
            }
            // It has answered already, and does not read the rest.
            System.getLogger(OperatorClient.class.getName())
                    .log(System.Logger.Level.DEBUG, "a request was answered before its end", e);
        }
    }

    private byte[] receive(SocketChannel channel, Selector selector, ByteArrayOutputStream answer, long end)
            throws IOException {
        var chunk = ByteBuffer.allocate(CHUNK_BYTES);
        while (true) {
            chunk.clear();
            int count = read(channel, chunk, answer.size() > 0);
            if (count < 0) {
                break;
            }
            answer.write(chunk.array(), 0, chunk.position());
            if (answer.size() > MOST_ANSWER_BYTES) {
                throw new IOException("expected an answer of at most " + MOST_ANSWER_BYTES + " bytes from " + socket
                        + ", found more");
            }
            if (count == 0) {
                await(selector, end);
            }
        }
        var bytes = answer.toByteArray();
        if (bytes.length == 0 || bytes[bytes.length - 1] != '}') {
            throw new IOException("expected an answer from " + socket + ", found "
                    + (bytes.length == 0 ? "none" : "only the beginning of one")
                    + ": the coordinator may be closing, or have ended");
        }
        return bytes;
    }

    /** Whoever was answered before all was read that he has sent finds the connection reset behind the answer. */
    private static int read(SocketChannel channel, ByteBuffer chunk, boolean hasAnswer) throws IOException {
        try {
            return channel.read(chunk);
        } catch (IOException e) {
            if (hasAnswer) {
                return -1;
            }
            throw e;
        }
    }

    private static boolean isLate(long end) {
        return end - System.nanoTime() <= 0;
    }

    private void await(Selector selector, long end) throws IOException {
        long left = end - System.nanoTime();
        if (left > 0) {
            selector.select(Math.max(1, left / NANOS_PER_MILLI));
            selector.selectedKeys().clear();
        }
        requireTimeLeft(end);
    }

    private void requireTimeLeft(long end) throws IOException {
        if (isLate(end)) {
            throw new IOException("expected an answer from " + socket + " within " + limit + ", found none");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted while " + socket + " was waited for");
        }
    }
}
