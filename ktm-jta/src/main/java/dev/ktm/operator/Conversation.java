package dev.ktm.operator;

import dev.ktm.rm.OperatorAct;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One tool that has connected: reads its request, has it done, answers, and closes the connection. */
final class Conversation {

    private static final int CHUNK_BYTES = 16 * 1024;
    private static final String PEER_CREDENTIALS = "SO_PEERCRED";

    private final Operations operations;
    private final SocketChannel peer;
    private final UserPrincipal owner;
    private final Set<Conversation> all;
    private final int others;
    private final long limitNanos;
    /** Until when the tool has to have done its part; never while it is our turn. */
    private volatile long deadline;

    private volatile boolean isOurTurn;
    /** Whether all was read that the tool has sent; of its thread. */
    private boolean isRead;

    private volatile @Nullable Thread thread;

    /**
     * Of a tool.
     *
     * @param owner who runs this coordinator
     * @param limitMillis how long it may take to say what it wants, and to read the answer
     * @param all to be left at the end
     * @param others how many are being answered
     */
    Conversation(
            Operations operations,
            SocketChannel peer,
            UserPrincipal owner,
            long limitMillis,
            Set<Conversation> all,
            int others) {
        this.limitNanos = TimeUnit.MILLISECONDS.toNanos(limitMillis);
        this.deadline = System.nanoTime() + limitNanos;
        this.operations = operations;
        this.peer = peer;
        this.owner = owner;
        this.all = all;
        this.others = others;
    }

    /** On a thread of its own; if there is none, the tool hears nothing. */
    void start() {
        try {
            if (others >= 2 * OperatorChannel.MOST_CONNECTIONS) {
                // Not even for saying that there are too many.
                end();
                return;
            }
            var worker = new Thread(this::run, "ktm operator request");
            worker.setDaemon(true);
            worker.setContextClassLoader(Conversation.class.getClassLoader());
            thread = worker;
            worker.start();
        } catch (RuntimeException | Error e) {
            thread = null;
            end();
        }
    }

    private void run() {
        try {
            answer();
        } catch (IOException | RuntimeException | Error e) {
            System.getLogger(Conversation.class.getName()).log(System.Logger.Level.DEBUG, "a tool was not answered", e);
        } finally {
            end();
        }
    }

    /** Closes the connection; a thread that reads or writes on it ends. */
    void end() {
        all.remove(this);
        try {
            peer.close();
        } catch (IOException e) {
            System.getLogger(Conversation.class.getName())
                    .log(System.Logger.Level.DEBUG, "a connection could not be closed", e);
        }
    }

    private void answer() throws IOException {
        String json;
        try {
            var user = requireAllowed();
            if (others >= OperatorChannel.MOST_CONNECTIONS) {
                throw new OperatorException(
                        OperatorException.Code.BUSY,
                        "expected at most " + OperatorChannel.MOST_CONNECTIONS
                                + " tools at once, found more: try again in a moment");
            }
            var text = read();
            isRead = true;
            var request = OperatorRequest.parse(text, user);
            isOurTurn = true;
            json = accepted(operations.answer(named(request, user)));
        } catch (OperatorException e) {
            json = refused(e);
        } catch (RuntimeException | Error e) {
            System.getLogger(Conversation.class.getName())
                    .log(System.Logger.Level.WARNING, "what an operator has asked for has failed", e);
            json = refused(new OperatorException(OperatorException.Code.FAILED, "it has failed: " + e, e));
        }
        deadline = System.nanoTime() + limitNanos;
        isOurTurn = false;
        var bytes = ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            peer.write(bytes);
        }
        if (!isRead) {
            leaveOut();
        }
    }

    /** What was not read when a connection is closed takes the answer with it: so it is read, and dropped. */
    private void leaveOut() throws IOException {
        peer.shutdownOutput();
        var chunk = ByteBuffer.allocate(CHUNK_BYTES);
        long count = 0;
        while (count >= 0 && count <= OperatorRequest.MOST_IMPORT_BYTES) {
            int more = peer.read(chunk.clear());
            count = more < 0 ? -1 : count + more;
        }
    }

    private String accepted(@Nullable Object result) {
        return "{\"ok\":true,\"manager\":" + Json.of(operations.identity()) + ",\"result\":" + Json.of(result) + "}";
    }

    private String refused(OperatorException e) {
        return "{\"ok\":false,\"manager\":" + Json.of(operations.identity()) + ",\"error\":{\"code\":"
                + Json.of(e.code()) + ",\"message\":" + Json.of(e.getMessage()) + "}}";
    }

    /** The name of the user who has connected. */
    private String requireAllowed() throws IOException, OperatorException {
        var user = userOf(peer);
        if (!isAllowed(user, owner)) {
            throw new OperatorException(
                    OperatorException.Code.UNAUTHORIZED,
                    "expected user " + owner.getName() + ", who runs this coordinator, or root, found "
                            + user.getName());
        }
        return user.getName();
    }

    /** Who has connected, as the system says. */
    private static UserPrincipal userOf(SocketChannel peer) throws IOException, OperatorException {
        // By its name: the option is one of the JDK alone, in no specification, and not on every system.
        for (var option : peer.supportedOptions()) {
            if (option.name().equals(PEER_CREDENTIALS)) {
                try {
                    return (UserPrincipal) option.type().getMethod("user").invoke(peer.getOption(option));
                } catch (ReflectiveOperationException | ClassCastException e) {
                    throw unknownUser(e);
                }
            }
        }
        throw unknownUser(null);
    }

    private static OperatorException unknownUser(@Nullable Exception why) {
        var message = "expected a system that says who connects (" + PEER_CREDENTIALS + "), found another";
        return why == null
                ? new OperatorException(OperatorException.Code.UNAUTHORIZED, message)
                : new OperatorException(OperatorException.Code.UNAUTHORIZED, message, why);
    }

    /** Whether this user may operate a coordinator of that one. */
    static boolean isAllowed(UserPrincipal user, UserPrincipal owner) {
        if (user.equals(owner)) {
            return true;
        }
        try {
            var lookup = FileSystems.getDefault().getUserPrincipalLookupService();
            return user.equals(lookup.lookupPrincipalByName("root"));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** The request with who asks: the user, and what the tool calls itself behind it. */
    private static OperatorRequest named(OperatorRequest request, String user) {
        int most = OperatorAct.MOST_WHO_CHARACTERS;
        var who = request.argument("client")
                .map(Visible::text)
                .filter(client -> !client.isBlank())
                .map(client -> user + " (" + client + ")")
                .orElse(user);
        return new OperatorRequest(
                request.verb(), request.arguments(), who.length() > most ? who.substring(0, most) : who);
    }

    // Reading.

    private String read() throws IOException, OperatorException {
        var bytes = new ByteArrayOutputStream();
        var chunk = ByteBuffer.allocate(CHUNK_BYTES);
        int most = OperatorRequest.MOST_BYTES;
        byte last = 0;
        byte lastButOne = 0;
        while (last != '\n' || lastButOne != '\n') {
            chunk.clear();
            int count = peer.read(chunk);
            if (count < 0) {
                throw new OperatorException(
                        OperatorException.Code.USAGE,
                        "expected a request that ends with an empty line, found the end of it before that");
            }
            lastButOne = count > 1 ? chunk.get(count - 2) : last;
            last = count > 0 ? chunk.get(count - 1) : last;
            bytes.write(chunk.array(), 0, count);
            if (bytes.size() > most && most == OperatorRequest.MOST_BYTES && isImport(bytes)) {
                most = OperatorRequest.MOST_IMPORT_BYTES;
            }
            if (bytes.size() > most) {
                throw new OperatorException(
                        OperatorException.Code.USAGE, "expected a request of at most " + most + " bytes, found more");
            }
        }
        return text(bytes.toByteArray());
    }

    private static boolean isImport(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.ISO_8859_1).startsWith(OperatorRequest.PROTOCOL + " registry.import\n");
    }

    private static String text(byte[] bytes) throws OperatorException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new OperatorException(
                    OperatorException.Code.USAGE, "expected a request in UTF-8, found bytes that are none", e);
        }
    }

    // Who takes too long.

    void giveUpIfLate() {
        if (!isOurTurn && System.nanoTime() - deadline > 0) {
            end();
        }
    }

    /** Waits until then for what is being done, and closes the connection. */
    void endBy(long end) {
        var worker = thread;
        if (!isOurTurn || worker == null) {
            end();
        }
        if (worker == null || worker == Thread.currentThread()) {
            return;
        }
        boolean interrupted = false;
        try {
            for (long left = end - System.nanoTime(); left > 0 && worker.isAlive(); left = end - System.nanoTime()) {
                try {
                    worker.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        end();
        worker.interrupt();
    }
}
