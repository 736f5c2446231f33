package dev.ktm.operator;

import dev.ktm.tm.Workers;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Answers tools of the same user over a socket of the machine: one thread that waits for them, and one for each that is being
 * answered, eight at most.
 *
 * <p><b>Theory of operation.</b> The socket is bound under another name and renamed, so that what is found under its name is
 * always listened to, unless its process is dead. Whoever opens a channel removes those of the dead in its directory. If somebody
 * removes a living one by mistake, or the coordinator gets another identity, it is bound anew within some seconds. Nothing of this is
 * done by the thread that opens the coordinator, and what fails is warned of once.
 */
public final class OperatorChannel implements AutoCloseable {

    /** How many are answered at once. */
    static final int MOST_CONNECTIONS = 8;

    private static final Timing USUAL = new Timing(5_000, 10_000);
    private static final int TICKS = 20;
    private static final long CLOSE_SECONDS = 5;

    /**
     * How long things take.
     *
     * @param lookMillis between two times that it is looked whether the socket is still found
     * @param talkMillis how long a tool may take to say what it wants, and to read the answer
     */
    record Timing(long lookMillis, long talkMillis) {}

    private final Timing timing;

    private final Operations operations;
    private final Path directory;
    private final Set<Conversation> conversations = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean warned = new AtomicBoolean();
    private volatile @Nullable Bound bound;
    private volatile @Nullable Thread server;
    private volatile @Nullable Selector selector;
    private volatile boolean closed;

    /** A socket that is listened to. */
    private record Bound(
            Entrance entrance,
            Path path,
            UUID identity,
            UserPrincipal owner,
            @Nullable Object fileKey) {}

    private OperatorChannel(Operations operations, Path directory, Timing timing) {
        this.operations = operations;
        this.directory = directory;
        this.timing = timing;
    }

    /** Where channels are unless the options say otherwise: {@code ktm-<user>} in the directory of temporary files. */
    public static Path defaultDirectory() {
        return ChannelDirectory.ofUser();
    }

    /** Begins to answer, some time soon; fails never. */
    public static OperatorChannel start(Operations operations, Path directory) {
        return start(operations, directory, USUAL);
    }

    static OperatorChannel start(Operations operations, Path directory, Timing timing) {
        var channel = new OperatorChannel(operations, directory, timing);
        try {
            var thread = new Thread(
                    channel::serve,
                    "ktm " + operations.identity().map(UUID::toString).orElse("") + " operator channel");
            thread.setDaemon(true);
            // The class loader of whoever opened this first is not to be kept by it.
            thread.setContextClassLoader(OperatorChannel.class.getClassLoader());
            channel.server = thread;
            thread.start();
        } catch (RuntimeException | Error e) {
            channel.server = null;
            channel.warn("there is no thread for it", e);
        }
        return channel;
    }

    /** Where it is listened to; empty if it is not, or not yet. */
    public Optional<Path> path() {
        return Optional.ofNullable(bound).map(Bound::path);
    }

    private void warn(String why, @Nullable Throwable e) {
        if (!closed && warned.compareAndSet(false, true)) {
            System.getLogger(OperatorChannel.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "operators' tools cannot reach this coordinator: " + why
                                    + "; mend that, choose another operatorDirectory, or switch operatorChannel off",
                            e);
        }
    }

    // The thread.

    private void serve() {
        try (var waiting = Selector.open()) {
            selector = waiting;
            boolean isTidied = false;
            while (!closed) {
                bindAnew(waiting);
                if (!isTidied && bound != null) {
                    // Only now is it known that the directory is the user's own.
                    isTidied = true;
                    new DeadChannels(directory).remove();
                }
                waitAndAnswer(waiting);
            }
        } catch (IOException | RuntimeException | Error e) {
            warn(String.valueOf(e.getMessage()), e);
        } finally {
            unbind();
        }
    }

    /** Binds unless it is bound and is found under its name. */
    private void bindAnew(Selector waiting) throws IOException {
        var known = bound;
        var identity = operations.identity();
        if (identity.isEmpty() || (known != null && isThere(known, identity.get()))) {
            return;
        }
        unbind();
        try {
            bound = bind(identity.get(), waiting);
        } catch (IOException | UnsupportedOperationException e) {
            warn(e.getClass().getSimpleName() + ": " + e.getMessage(), e);
        }
    }

    private static boolean isThere(Bound known, UUID identity) {
        try {
            return known.identity().equals(identity) && Objects.equals(fileKey(known.path()), known.fileKey());
        } catch (IOException e) {
            return false;
        }
    }

    private static @Nullable Object fileKey(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    private Bound bind(UUID identity, Selector waiting) throws IOException {
        ChannelDirectory.make(directory);
        var path = directory.resolve(identity + OperatorClient.SUFFIX);
        var fresh = directory.resolve(identity.toString().substring(0, 8) + "."
                + ProcessHandle.current().pid() + ".new");
        Files.deleteIfExists(fresh);
        var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        boolean done = false;
        try {
            channel.bind(UnixDomainSocketAddress.of(fresh), 2 * MOST_CONNECTIONS);
            ChannelDirectory.requireOwner(directory, fresh);
            ChannelDirectory.closeToOthers(fresh);
            var owner = Files.getOwner(fresh, LinkOption.NOFOLLOW_LINKS);
            var entrance = Entrance.open(channel, waiting);
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            done = true;
            return new Bound(entrance, path, identity, owner, fileKey(path));
        } finally {
            if (!done) {
                channel.close();
                Files.deleteIfExists(fresh);
            }
        }
    }

    private void unbind() {
        var known = bound;
        bound = null;
        if (known == null) {
            return;
        }
        try {
            known.entrance().close();
            // Another life of it may have taken its place already.
            if (Objects.equals(fileKey(known.path()), known.fileKey())) {
                Files.deleteIfExists(known.path());
            }
        } catch (IOException e) {
            System.getLogger(OperatorChannel.class.getName())
                    .log(System.Logger.Level.DEBUG, "the socket " + known.path() + " is left behind", e);
        }
    }

    /** Takes whoever comes, for some seconds, and gives up those who take too long. */
    private void waitAndAnswer(Selector waiting) throws IOException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timing.lookMillis());
        boolean wasBound = bound != null;
        while (!closed && (bound != null) == wasBound && System.nanoTime() - end < 0) {
            waiting.select(
                    isQuiet() ? timing.lookMillis() : Math.min(timing.lookMillis(), timing.talkMillis() / TICKS));
            waiting.selectedKeys().clear();
            // An interrupt is not for this thread, and would close its channels.
            Thread.interrupted();
            conversations.forEach(Conversation::giveUpIfLate);
            accept();
        }
    }

    /** Whether nobody is being answered, and nobody waits for a file descriptor. */
    private boolean isQuiet() {
        var known = bound;
        return conversations.isEmpty() && (known == null || !known.entrance().isShut());
    }

    private void accept() {
        var known = bound;
        if (known == null || closed) {
            return;
        }
        try {
            known.entrance().takeAll(peer -> answer(peer, known.owner()));
        } catch (ClosedChannelException e) {
            // It may have been an interrupt.
            Thread.interrupted();
            unbind();
        }
    }

    private void answer(SocketChannel peer, UserPrincipal owner) {
        var conversation =
                new Conversation(operations, peer, owner, timing.talkMillis(), conversations, conversations.size());
        conversations.add(conversation);
        // Whoever closes this may have looked before at who is being answered.
        if (closed) {
            conversation.end();
        } else {
            conversation.start();
        }
    }

    /** Answers nobody any more; waits some seconds for those who are being answered. */
    @Override
    public void close() {
        closed = true;
        var waiting = selector;
        if (waiting != null) {
            waiting.wakeup();
        }
        // First who begins conversations, so that those that are found then are all there are.
        var thread = server;
        if (thread != null) {
            Workers.end(thread);
        }
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
        conversations.forEach(each -> each.endBy(end));
    }
}
