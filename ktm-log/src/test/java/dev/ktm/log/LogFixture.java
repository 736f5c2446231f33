package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktm.log.storage.LogDevice;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;

/** Small logs, whose containers are filled when the log is handed out, and what tests do with them all the time. */
final class LogFixture {

    /** Fills a small container quickly: nearly as large as a record can be there. */
    static final int LARGE = 30_000;

    /** Each task gets a thread of its own: tasks that wait for one another must not share a pool. */
    static final Executor THREADS = task -> new Thread(task).start();

    private static final long PATIENCE_SECONDS = 60;

    private LogFixture() {}

    /** Options of a log without containers that writes nothing by itself. */
    static LogOptions.Builder options(LogKind kind) {
        return LogOptions.builder().kind(kind).containers(0).idleFlush(Duration.ZERO);
    }

    /** A new log of so many containers of the smallest size. */
    static Log create(LogDevice device, LogKind kind, int containers) throws LogException {
        return create(device, options(kind), containers);
    }

    static Log create(LogDevice device, LogOptions.Builder options, int containers) throws LogException {
        var log = Log.open(device, options.build());
        log.addContainers(containers, 1);
        return log;
    }

    static Log dedicated(LogDevice device, int containers) throws LogException {
        return create(device, LogKind.DEDICATED, containers);
    }

    static Log multiplexed(LogDevice device, int containers) throws LogException {
        return create(device, LogKind.MULTIPLEXED, containers);
    }

    static Log reopen(LogDevice device, LogKind kind) throws LogException {
        return Log.open(device, options(kind).build());
    }

    static ByteBuffer data(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    static ByteBuffer large() {
        return ByteBuffer.allocate(LARGE);
    }

    static String text(ByteBuffer data) {
        return StandardCharsets.UTF_8.decode(data.duplicate()).toString();
    }

    /** The LSNs of the records that a reader still finds. */
    static List<Long> lsns(LogReader reader) throws LogException {
        var found = new ArrayList<Long>();
        while (reader.next()) {
            found.add(reader.lsn());
        }
        return found;
    }

    /** The payloads of the records that a reader still finds. */
    static List<String> texts(LogReader reader) throws LogException {
        var found = new ArrayList<String>();
        while (reader.next()) {
            found.add(text(reader.payload()));
        }
        return found;
    }

    /** All payloads of a stream. */
    static List<String> texts(LogStream stream) throws LogException {
        return texts(stream.read(Lsn.NULL, ReadMode.FORWARD));
    }

    /** Appends large records, then small ones, until the log is full. */
    static List<Long> fill(LogStream stream) throws LogException {
        var appended = fill(stream, LARGE);
        appended.addAll(fill(stream, 1));
        return appended;
    }

    /** Appends records of one size until there is no room for another one. */
    static List<Long> fill(LogStream stream, int payloadBytes) throws LogException {
        var appended = new ArrayList<Long>();
        while (true) {
            try {
                appended.add(stream.append(ByteBuffer.allocate(payloadBytes)));
            } catch (LogFullException e) {
                return appended;
            }
        }
    }

    /** Appends large records. */
    static List<Long> append(LogStream stream, int records) throws LogException {
        var appended = new ArrayList<Long>();
        for (int i = 0; i < records; i++) {
            appended.add(stream.append(large()));
        }
        return appended;
    }

    /** Recycles what can be recycled, now and on this thread. */
    static void reclaim(Log log) throws LogException {
        log.setSize(log.stats().containers());
    }

    /** What the request is refused with. */
    static LogError refusal(ThrowingCallable request) {
        var refusal = catchThrowableOfType(LogRefusedException.class, request);
        assertThat(refusal).as("refusal").isNotNull();
        return refusal.error();
    }

    static <T> T await(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    static <T> T await(BlockingQueue<T> queue) throws InterruptedException {
        @Nullable T taken = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(taken).as("what was waited for").isNotNull();
        return java.util.Objects.requireNonNull(taken);
    }

    /** A client that remembers what it was asked and told, and answers nothing. */
    static final class RecordingClient implements LogClient {
        final BlockingQueue<Long> asked = new LinkedBlockingQueue<>();
        final BlockingQueue<LogFullOutcome> handled = new LinkedBlockingQueue<>();
        final BlockingQueue<String> unpinned = new LinkedBlockingQueue<>();

        @Override
        public void advanceTail(LogStream stream, long target) {
            asked.add(target);
        }

        @Override
        public void fullHandled(LogFullOutcome outcome) {
            handled.add(outcome);
        }

        @Override
        public void unpinned() {
            unpinned.add("unpinned");
        }
    }
}
