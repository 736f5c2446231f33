package dev.ktm.log;

import dev.ktm.log.testing.JavaCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that lives in a process of its own until it is killed: each of its threads numbers records in a stream and
 * says on the standard output which ones were acknowledged.
 */
final class KilledProgram {

    static final LogOptions OPTIONS = LogOptions.builder()
            .containerBytes(1)
            .idleFlush(Duration.ofMillis(1))
            .build();

    private static final int KEPT = 64;

    private KilledProgram() {}

    /**
     * Runs until it is killed, or until every thread has appended its records.
     *
     * @param arguments the directory, the number of threads, the records of each (0: for ever)
     */
    public static void main(String[] arguments) throws Exception {
        int threads = Integer.parseInt(arguments[1]);
        int records = Integer.parseInt(arguments[2]);
        try (var log = Log.open(Path.of(arguments[0]), OPTIONS);
                var output = new FileOutputStream(FileDescriptor.out)) {
            log.handleLogFull().toCompletableFuture().join();
            var all = new ArrayList<Thread>();
            for (int i = 1; i < threads; i++) {
                int number = i;
                all.add(new Thread(() -> appendOrDie(log, number, records, output)));
            }
            all.forEach(Thread::start);
            append(log, 0, records, output);
            for (var thread : all) {
                thread.join();
            }
        }
    }

    static String streamName(int thread) {
        return "thread " + thread;
    }

    /** The program as a command, after these words. */
    static ProcessBuilder command(List<String> words, Path directory, int threads, int records) {
        var command = new ArrayList<>(words);
        command.addAll(JavaCommand.of(List.of("-Xmx64m"), KilledProgram.class.getName(), directory, threads, records));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    }

    private static void appendOrDie(Log log, int thread, int records, FileOutputStream output) {
        try {
            append(log, thread, records, output);
        } catch (IOException e) {
            Runtime.getRuntime().halt(1);
        }
    }

    private static void append(Log log, int thread, int records, FileOutputStream output) throws IOException {
        try (var stream = log.stream(streamName(thread))) {
            long next = lastNumber(stream) + 1;
            if (stream.last() >= stream.base()) {
                // A crash costs addresses: only what the last life left is kept.
                stream.writeRestart(ByteBuffer.allocate(1), lastLsn(stream));
            }
            var payload = ByteBuffer.allocate(Long.BYTES + 40 * thread);
            var lsns = new long[KEPT];
            for (int i = 0; records == 0 || i < records; i++) {
                payload.putLong(0, next);
                long lsn = append(stream, payload, thread);
                output.write((thread + " " + next + " " + lsn + "\n").getBytes(StandardCharsets.US_ASCII));
                next++;
                lsns[i % KEPT] = lsn;
                if (i % KEPT == KEPT - 1) {
                    advance(stream, lsns[(i + 1) % KEPT], i);
                }
            }
        }
    }

    private static long append(LogStream stream, ByteBuffer payload, int thread) throws LogException {
        if (thread % 3 == 2) {
            long lsn = stream.append(payload);
            stream.force(lsn);
            return lsn;
        }
        return stream.appendForced(payload);
    }

    private static void advance(LogStream stream, long base, int count) throws LogException {
        if (count / KEPT % 4 == 3) {
            stream.writeRestart(ByteBuffer.allocate(1), base);
        } else {
            stream.advanceBase(base);
        }
    }

    private static long lastLsn(LogStream stream) throws LogException {
        long last = Lsn.NULL;
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        while (reader.next()) {
            last = reader.isRestartArea() ? last : reader.lsn();
        }
        return last;
    }

    private static long lastNumber(LogStream stream) throws LogException {
        long last = 0;
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        while (reader.next()) {
            last = reader.isRestartArea() ? last : reader.payload().getLong(0);
        }
        return last;
    }
}
