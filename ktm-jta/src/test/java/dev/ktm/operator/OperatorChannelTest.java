package dev.ktm.operator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.testing.SimulatedDatabase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tools that reach a coordinator over its socket, and those that mean it harm. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OperatorChannelTest {

    private static final OperatorChannel.Timing QUICK = new OperatorChannel.Timing(200, 400);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private Path channels;
    private Ktm ktm;

    @BeforeEach
    void open() {
        channels = directory.resolve("channels");
        ktm = open("log");
    }

    @AfterEach
    void close() {
        ktm.close();
    }

    private KtmOptions.Builder options(String log) {
        return KtmOptions.builder().logDirectory(directory.resolve(log)).operatorDirectory(channels);
    }

    private Ktm open(String log) {
        return Ktm.open(options(log).build());
    }

    /** A coordinator whose channel is the one that this makes, and which is in a hurry. */
    private OperatorChannel quickly() {
        ktm.close();
        ktm = Ktm.open(options("log").operatorChannel(false).build());
        return OperatorChannel.start(ktm.operations(), channels, QUICK);
    }

    private static <T> T until(Callable<T> wanted, java.util.function.Predicate<T> holds) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            T found = wanted.call();
            if (holds.test(found)) {
                return found;
            }
            assertThat(System.nanoTime()).as("time left for %s", found).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private Path socketOf(Ktm coordinator) throws Exception {
        var path = channels.resolve(coordinator.manager().identity() + OperatorClient.SUFFIX);
        until(() -> Files.exists(path), there -> there);
        return path;
    }

    /** One that is in a hurry gives up who is slow, and so does a busy one. */
    private void untilAnswered(String verb) throws Exception {
        until(
                () -> {
                    try {
                        return ask(verb);
                    } catch (SocketException e) {
                        return String.valueOf(e);
                    }
                },
                answer -> answer.startsWith("{\"ok\":true"));
    }

    private String ask(String verb, Map<String, String> arguments) throws Exception {
        return new String(new OperatorClient(socketOf(ktm), PATIENCE).ask(verb, arguments), UTF_8);
    }

    private String ask(String verb) throws Exception {
        return ask(verb, Map.of());
    }

    /** Sends just these bytes, and returns everything that comes until the end. */
    private String send(byte[] bytes) throws Exception {
        try (var socket = SocketChannel.open(UnixDomainSocketAddress.of(socketOf(ktm)))) {
            try {
                var buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    socket.write(buffer);
                }
                socket.shutdownOutput();
            } catch (IOException e) {
                // It was answered before its end.
            }
            return readAll(socket);
        }
    }

    private static String readAll(SocketChannel socket) {
        var answer = new ByteArrayOutputStream();
        var chunk = ByteBuffer.allocate(1000);
        try {
            while (socket.read(chunk.clear()) >= 0) {
                answer.write(chunk.array(), 0, chunk.position());
            }
        } catch (IOException e) {
            // What has come is what there is.
        }
        return answer.toString(UTF_8);
    }

    @Test
    @Conforms({"OPS-01", "OPS-13"})
    void aRunningCoordinatorAnswers() throws Exception {
        ktm.transactionManager().begin();

        assertThat(ask("manager"))
                .startsWith("{\"ok\":true,\"manager\":\"" + ktm.manager().identity() + "\",\"result\":{")
                .contains("\"identity\":\"" + ktm.manager().identity() + "\"")
                .contains("\"logPath\":\"" + directory.resolve("log"));
        assertThat(ask("transactions")).contains("\"state\":\"ACTIVE\"");
        assertThat(ask("transaction", Map.of("id", "none")))
                .startsWith("{\"ok\":false,")
                .contains("\"code\":\"NOT_FOUND\"", "expected a transaction");
        ktm.transactionManager().rollback();
    }

    @Test
    void whoAsksIsTheUserAndWhatTheToolCallsItself() throws Exception {
        ktm.transactionManager().begin();
        var unit = ktm.operations().transactions().get(0).unitOfWork().toString();

        ask("rollback", Map.of("id", unit, "reason", "stuck\nfor hours", "client", "ktm\u001b[2J of jane"));

        assertThat(ktm.operations().acts()).singleElement().satisfies(act -> {
            assertThat(act.who()).isEqualTo(System.getProperty("user.name") + " (ktm?[2J of jane)");
            assertThat(act.why()).contains("for hours");
        });
        assertThatThrownBy(() -> ktm.transactionManager().commit()).isNotNull();
    }

    @Test
    @Conforms("OPS-12")
    void nobodyElseReachesTheSocket() throws Exception {
        socketOf(ktm);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(channels)))
                .isEqualTo("rwx------");
        assertThat(OperatorClient.channels(channels)).hasSize(1);
    }

    @Test
    @Conforms("OPS-12")
    void onlyTheUserWhoRunsItAndTheSuperuserMayAsk() throws Exception {
        var lookup = FileSystems.getDefault().getUserPrincipalLookupService();
        var root = lookup.lookupPrincipalByName("root");
        var nobody = lookup.lookupPrincipalByName("nobody");

        assertThat(Conversation.isAllowed(root, root)).isTrue();
        assertThat(Conversation.isAllowed(root, nobody)).isTrue();
        assertThat(Conversation.isAllowed(nobody, nobody)).isTrue();
        assertThat(Conversation.isAllowed(nobody, root)).isFalse();
    }

    /** With the door open, and as somebody else: it is seen who comes. */
    @Test
    @Conforms("OPS-12")
    void somebodyElseIsTurnedAwayEvenIfTheDirectoryIsOpen() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")) && Files.isExecutable(Path.of("/usr/bin/setpriv")));
        var socket = socketOf(ktm);
        var everybody = PosixFilePermissions.fromString("rwxrwxrwx");
        for (var each = socket; each != null && each.startsWith(directory); each = each.getParent()) {
            Files.setPosixFilePermissions(each, everybody);
        }
        var source = Files.writeString(
                directory.resolve("Knock.java"),
                "import java.net.*; import java.nio.*; import java.nio.channels.*;"
                        + "public class Knock { public static void main(String[] socket) throws Exception {"
                        + "var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket[0]));"
                        + "channel.write(ByteBuffer.wrap(\"KTM/1 transactions\\n\\n\".getBytes()));"
                        + "var answer = ByteBuffer.allocate(10000); while (channel.read(answer) >= 0) {}"
                        + "System.out.println(new String(answer.array(), 0, answer.position())); } }");
        Files.setPosixFilePermissions(source, PosixFilePermissions.fromString("rw-r--r--"));

        var child = new ProcessBuilder(
                        "/usr/bin/setpriv",
                        "--reuid=65534",
                        "--regid=65534",
                        "--clear-groups",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        source.toString(),
                        socket.toString())
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        var said = new String(child.getInputStream().readAllBytes(), UTF_8);

        assertThat(said).contains("\"ok\":false", "\"code\":\"UNAUTHORIZED\"", "nobody");
        assertThat(ask("manager")).startsWith("{\"ok\":true");
    }

    @Test
    void nobodyButItsOwnerMayUseTheSocketWhateverTheUmask() throws Exception {
        assertThat(Files.getPosixFilePermissions(socketOf(ktm)))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void whatIsNoRequestIsAnsweredAndHarmsNobody() throws Exception {
        for (var each : List.of(
                "\n\n".getBytes(UTF_8),
                "GET / HTTP/1.1\r\nHost: x\n\n".getBytes(UTF_8),
                new byte[] {-1, -2, 0, 10, 10},
                "KTM/1 manager\nid: \ud800\n\n".getBytes(java.nio.charset.StandardCharsets.UTF_16))) {
            assertThat(send(each)).contains("\"ok\":false");
        }
        assertThat(ask("manager")).startsWith("{\"ok\":true");
    }

    @Test
    void aRequestThatIsTooLongIsRefusedAndNotKept() throws Exception {
        var tooLong = "KTM/1 manager\nid: " + "x".repeat(OperatorRequest.MOST_BYTES) + "\n\n";
        var longest = "KTM/1 registry.import\ntext: " + "x".repeat(OperatorRequest.MOST_IMPORT_BYTES) + "\n\n";
        var allowed = "KTM/1 registry.import\ntext: " + "x".repeat(1_000_000) + "\n\n";

        assertThat(send(tooLong.getBytes(UTF_8)))
                .satisfiesAnyOf(
                        answer -> assertThat(answer).contains("\"code\":\"USAGE\"", "65536"),
                        answer -> assertThat(answer)
                                .as("the connection was reset")
                                .isEmpty());
        assertThat(send(longest.getBytes(UTF_8))).doesNotContain("\"ok\":true");
        assertThat(send(allowed.getBytes(UTF_8))).contains("registry", "NOT_FOUND");
        assertThat(ask("manager")).startsWith("{\"ok\":true");
    }

    @Test
    void whoSaysNothingIsGivenUp() throws Exception {
        try (var channel = quickly()) {
            var socket = socketOf(ktm);
            try (var silent = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                    var slow = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                slow.write(ByteBuffer.wrap("KTM/1 mana".getBytes(UTF_8)));

                assertThat(readAll(silent)).isEmpty();
                assertThat(readAll(slow)).isEmpty();
            }
            assertThat(channel.path()).isPresent();
            assertThat(ask("manager")).startsWith("{\"ok\":true");
        }
    }

    @Test
    void whoDoesNotReadTheAnswerIsGivenUp() throws Exception {
        ktm.operations().contribute("big", "one", request -> "x".repeat(5_000_000));
        try (var channel = quickly()) {
            ktm.operations().contribute("big", "one", request -> "x".repeat(5_000_000));
            var held = new ArrayList<SocketChannel>();
            for (int i = 0; i < OperatorChannel.MOST_CONNECTIONS; i++) {
                var deaf = SocketChannel.open(UnixDomainSocketAddress.of(socketOf(ktm)));
                deaf.write(ByteBuffer.wrap("KTM/1 big.answer\n\n".getBytes(UTF_8)));
                held.add(deaf);
            }

            untilAnswered("manager");

            assertThat(channel.path()).isPresent();
            for (var each : held) {
                each.close();
            }
        }
    }

    @Test
    void ofAHundredAtOnceEachIsAnsweredOrToldToComeAgain() throws Exception {
        socketOf(ktm);
        var answers = new ArrayList<CompletableFuture<String>>();
        for (int i = 0; i < 100; i++) {
            var answer = new CompletableFuture<String>();
            answers.add(answer);
            var tool = new Thread(() -> {
                try {
                    answer.complete(ask("manager"));
                } catch (Exception e) {
                    answer.complete("none: " + e);
                }
            });
            tool.start();
        }
        int served = 0;
        for (var each : answers) {
            var answer = each.get(1, TimeUnit.MINUTES);
            assertThat(answer).containsAnyOf("\"ok\":true", "\"code\":\"BUSY\"", "none: ");
            served += answer.contains("\"ok\":true") ? 1 : 0;
        }

        assertThat(served).isGreaterThanOrEqualTo(OperatorChannel.MOST_CONNECTIONS);
        untilAnswered("manager");
    }

    @Test
    void moreThanEightAreToldToComeAgain() throws Exception {
        var release = new CountDownLatch(1);
        var arrived = new CountDownLatch(OperatorChannel.MOST_CONNECTIONS);
        ktm.operations().contribute("slow", "one", request -> {
            arrived.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return "done";
        });
        socketOf(ktm);
        var answers = new ArrayList<CompletableFuture<String>>();
        for (int i = 0; i < OperatorChannel.MOST_CONNECTIONS; i++) {
            answers.add(inBackground(() -> ask("slow.wait")));
        }
        arrived.await();

        assertThat(ask("manager")).contains("\"code\":\"BUSY\"");

        release.countDown();
        for (var each : answers) {
            assertThat(each.get(1, TimeUnit.MINUTES)).contains("\"result\":\"done\"");
        }
        untilAnswered("manager");
    }

    @Test
    void recoveriesThatWaitForAResourceManagerThatHangsHoldUpNobodyElse() throws Exception {
        var release = new CountDownLatch(1);
        var orders = new SimulatedDatabase("orders");
        orders.hangNext(SimulatedDatabase.Call.RECOVER, release);
        ktm.register("orders", orders::connect);
        socketOf(ktm);
        var answers = new ArrayList<CompletableFuture<String>>();
        for (int i = 0; i < OperatorChannel.MOST_CONNECTIONS; i++) {
            answers.add(inBackground(() -> ask("recover-now")));
        }

        until(() -> answers.stream().filter(CompletableFuture::isDone).count(), done -> done == answers.size() - 1);
        assertThat(ask("manager")).startsWith("{\"ok\":true");

        release.countDown();
        var all = new ArrayList<String>();
        for (var each : answers) {
            all.add(each.get(1, TimeUnit.MINUTES));
        }
        assertThat(all).filteredOn(each -> each.startsWith("{\"ok\":true")).hasSize(1);
        assertThat(all)
                .filteredOn(each -> each.contains("\"code\":\"BUSY\""))
                .hasSize(all.size() - 1)
                .allMatch(each -> each.contains("recover-now that is under way"));
        untilAnswered("recover-now");
    }

    private static CompletableFuture<String> inBackground(Callable<String> task) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return task.call();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                command -> new Thread(command).start());
    }

    @Test
    void aVerbThatFailsIsAnsweredAsFailed() throws Exception {
        ktm.operations().contribute("bad", "one", request -> {
            throw new IllegalStateException("planted");
        });

        assertThat(ask("bad.verb")).contains("\"code\":\"FAILED\"", "planted");
    }

    @Test
    void aDirectoryThatOthersMayEnterIsNotUsed() throws Exception {
        ktm.close();
        var link =
                Files.createSymbolicLink(directory.resolve("link"), Files.createDirectory(directory.resolve("real")));
        Files.setPosixFilePermissions(directory.resolve("real"), PosixFilePermissions.fromString("rwx------"));
        var open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        var file = Files.createFile(directory.resolve("file"));
        var nowhere = directory.resolve("no/such");

        for (var each : List.of(link, open, file, nowhere)) {
            assertThatThrownBy(() -> ChannelDirectory.make(each)).isInstanceOf(IOException.class);
            channels = each;
            try (var coordinator = open("log")) {
                coordinator.transactionManager().begin();
                coordinator.transactionManager().commit();
            }
        }

        assertThat(directory.resolve("real")).isEmptyDirectory();
        assertThat(open).isEmptyDirectory();
        ktm = open("log");
    }

    @Test
    void aDirectoryOfSomebodyElseIsNotUsed() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")));
        ChannelDirectory.make(channels.resolveSibling("theirs"));
        var theirs = channels.resolveSibling("theirs");
        var own = Files.createFile(theirs.resolve("own"));
        Files.setOwner(
                theirs, FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));

        assertThatThrownBy(() -> ChannelDirectory.requireOwner(theirs, own))
                .hasMessageContaining("expected a directory of root, found one of nobody");
    }

    @Test
    void theChannelIsBoundAnewWhenItsSocketIsRemovedAndWhenTheCoordinatorIsRenamed() throws Exception {
        try (var channel = quickly()) {
            var socket = socketOf(ktm);
            until(channel::path, java.util.Optional::isPresent);
            Files.delete(socket);
            until(() -> Files.exists(socket), there -> there);
            untilAnswered("manager");

            var fresh = ktm.manager().rename();

            var renamed = socketOf(ktm);
            until(() -> OperatorClient.channels(channels), List.of(renamed)::equals);
            assertThat(ask("manager")).startsWith("{\"ok\":true,\"manager\":\"" + fresh);
        }
    }

    @Test
    void socketsOfTheDeadAreRemovedAndThoseOfTheLivingStay() throws Exception {
        var living = socketOf(ktm);
        var dead = channels.resolve(UUID.randomUUID() + OperatorClient.SUFFIX);
        var young = channels.resolve(UUID.randomUUID() + OperatorClient.SUFFIX);
        for (var each : List.of(dead, young)) {
            try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                server.bind(UnixDomainSocketAddress.of(each));
            }
        }
        Files.setLastModifiedTime(dead, FileTime.from(Instant.now().minusSeconds(60)));
        assertThat(OperatorClient.isDead(dead)).isTrue();
        assertThat(OperatorClient.isDead(living)).isFalse();

        try (var other = open("other")) {
            socketOf(other);
            until(() -> Files.exists(dead), there -> !there);

            assertThat(OperatorClient.channels(channels)).contains(living, young);
            assertThat(ask("manager")).contains(ktm.manager().identity().toString());
            assertThat(new String(new OperatorClient(socketOf(other), PATIENCE).ask("manager", Map.of()), UTF_8))
                    .contains(other.manager().identity().toString());
        }
    }

    @Test
    void anInterruptOfItsThreadsChangesNothing() throws Exception {
        socketOf(ktm);
        for (int i = 0; i < 20; i++) {
            threads().forEach(Thread::interrupt);
            until(
                    () -> {
                        try {
                            return ask("manager");
                        } catch (IOException e) {
                            return "";
                        }
                    },
                    answer -> answer.startsWith("{\"ok\":true"));
        }
    }

    @Test
    void closingInTheMiddleOfARequestWaitsAMomentAndLeavesNothingBehind() throws Exception {
        var arrived = new CountDownLatch(1);
        ktm.operations().contribute("slow", "one", request -> {
            arrived.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return "done";
        });
        var socket = socketOf(ktm);
        var answer = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return new String(new OperatorClient(socket, PATIENCE).ask("slow.wait", Map.of()), UTF_8);
                    } catch (IOException e) {
                        return "none: " + e.getMessage();
                    }
                },
                command -> new Thread(command).start());
        arrived.await();

        ktm.close();

        assertThat(answer.get(1, TimeUnit.MINUTES)).startsWith("none: expected an answer");
        assertThat(OperatorClient.channels(channels)).isEmpty();
        until(OperatorChannelTest::threads, List::isEmpty);
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().contains("operator"))
                .toList();
    }

    @Test
    void whoComesInWhileItIsBeingClosedIsNotKept() throws Exception {
        var arrived = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        try (var channel = whoseThreadsBegin(() -> {
            arrived.countDown();
            release.await();
        })) {
            var socket = until(channel::path, java.util.Optional::isPresent).orElseThrow();
            try (var first = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                arrived.await();
                try (var second = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                    var closing = new Thread(channel::close);
                    closing.start();
                    until(closing::getState, Thread.State.TIMED_WAITING::equals);

                    release.countDown();
                    closing.join();

                    until(OperatorChannelTest::threads, List::isEmpty);
                    assertThat(readAll(first)).isEmpty();
                    assertThat(readAll(second)).isEmpty();
                }
            }
        }
    }

    /** Something that may wait. */
    private interface Step {
        void take() throws InterruptedException;
    }

    /** A channel that does this before it begins a thread that answers a tool: then it asks what that thread inherits. */
    private OperatorChannel whoseThreadsBegin(Step before) {
        var inherited = new InheritableThreadLocal<String>() {
            @Override
            protected String childValue(String parent) {
                if (Thread.currentThread().getName().endsWith("operator channel")) {
                    take(before);
                }
                return parent;
            }
        };
        inherited.set("");
        try {
            return quickly();
        } finally {
            inherited.remove();
        }
    }

    /** To its end, though whoever closes interrupts who takes too long. */
    private static void take(Step step) {
        while (true) {
            try {
                step.take();
                return;
            } catch (InterruptedException e) {
                // It is taken all the same.
            }
        }
    }

    @Test
    void withoutALogDirectoryOrIfItIsSwitchedOffThereIsNone() throws Exception {
        ktm.close();
        Files.deleteIfExists(channels);
        try (var inMemory = Ktm.open(KtmOptions.builder()
                        .inMemory()
                        .operatorDirectory(channels)
                        .build());
                var off = Ktm.open(options("log").operatorChannel(false).build())) {
            assertThat(Objects.requireNonNull(inMemory.operations().manager()).isVolatile())
                    .isTrue();
            assertThat(off.operations().manager().isOnline()).isTrue();
        }
        assertThat(channels).doesNotExist();
        ktm = open("log");
    }

    @Test
    void aToolThatIsToldNothingInTimeSaysSo() throws Exception {
        ktm.close();
        var deaf = directory.resolve("deaf.sock");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(deaf));
            var client = new OperatorClient(deaf, Duration.ofMillis(200));

            assertThatThrownBy(() -> client.ask("manager", Map.of()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("within PT0.2S");
        }
        assertThatThrownBy(() -> new OperatorClient(deaf, PATIENCE).ask("manager", Map.of()))
                .isInstanceOf(java.net.ConnectException.class);
        ktm = open("log");
    }

    @Test
    void aQueueThatIsFullIsNotWaitedInForLongerThanTheLimit() throws Exception {
        var full = directory.resolve("full.sock");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(full), 1);
            var waiting = fill(full);
            var client = new OperatorClient(full, Duration.ofMillis(200));

            assertThatThrownBy(() -> client.ask("manager", Map.of()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("within PT0.2S");

            for (var each : waiting) {
                each.close();
            }
        }
    }

    @Test
    void whoFindsTheQueueFullComesInWhenItMoves() throws Exception {
        var full = directory.resolve("full.sock");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(full), 1);
            var waiting = fill(full);
            var answer =
                    inBackground(() -> new String(new OperatorClient(full, PATIENCE).ask("manager", Map.of()), UTF_8));

            for (var each : waiting) {
                server.accept().close();
                each.close();
            }
            try (var peer = server.accept()) {
                assertThat(peer.read(ByteBuffer.allocate(1000))).isPositive();
                peer.write(ByteBuffer.wrap("{}".getBytes(UTF_8)));
            }

            assertThat(answer.get(1, TimeUnit.MINUTES)).isEqualTo("{}");
        }
    }

    /** Those who wait at this socket when nobody else can. */
    private static List<SocketChannel> fill(Path socket) throws IOException {
        var waiting = new ArrayList<SocketChannel>();
        while (true) {
            var one = SocketChannel.open(StandardProtocolFamily.UNIX);
            one.configureBlocking(false);
            if (!isLetIn(one, socket)) {
                one.close();
                return waiting;
            }
            waiting.add(one);
        }
    }

    private static boolean isLetIn(SocketChannel one, Path socket) throws IOException {
        try {
            return one.connect(UnixDomainSocketAddress.of(socket));
        } catch (SocketException e) {
            return false;
        }
    }
}
