package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.DiskImage;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;

/** A log on a simulated disk, images of it at several moments, and everything that was ever appended to it. */
final class WrittenLog {

    private SimulatedDevice device = new SimulatedDevice();
    private final Random random;
    private final LogOptions options;
    private final int containers;
    private final Map<String, StreamRecords> streams = new TreeMap<>();
    private final List<DiskImage> moments = new ArrayList<>();
    private Log log;

    /** A record as it was appended. */
    private record Appended(ByteBuffer payload, long previous, long undoNext, boolean restartArea) {}

    /** What was appended to one stream. */
    private static final class StreamRecords {
        private final Map<Long, Appended> all = new TreeMap<>();
        /** Each what the stream held at its longest, from the beginning on; cutting the end begins a new one. */
        private final List<List<Long>> lines = new ArrayList<>(List.of(new ArrayList<>()));

        private List<Long> line() {
            return lines.get(lines.size() - 1);
        }
    }

    WrittenLog(LogKind kind, int containers, boolean archived, long seed) throws LogException {
        this.random = new Random(seed);
        this.containers = containers;
        this.options = LogOptions.builder()
                .kind(kind)
                .containers(0)
                .archived(archived)
                .idleFlush(Duration.ZERO)
                .build();
        this.log = Log.open(device, options);
        log.addContainers(containers, 1);
    }

    LogOptions options() {
        return options;
    }

    UUID identity() {
        return log.identity();
    }

    SimulatedDevice device() {
        return device;
    }

    int containers() {
        return containers;
    }

    LogStream stream(String name) throws LogException {
        return name.isEmpty() ? log.stream() : log.stream(name);
    }

    /** Appends records of this size that name the one before, and forces them, several in a frame. */
    void append(String name, int count, int payloadBytes) throws LogException {
        try (var stream = stream(name)) {
            var records = streams.computeIfAbsent(name, key -> new StreamRecords());
            for (int i = 0; i < count; i++) {
                var payload = new byte[payloadBytes];
                random.nextBytes(payload);
                var line = records.line();
                long previous = line.isEmpty() ? Lsn.INVALID : line.get(line.size() - 1);
                long undoNext = line.isEmpty() ? Lsn.INVALID : line.get(random.nextInt(line.size()));
                long lsn = stream.append(ByteBuffer.wrap(payload), previous, undoNext);
                records.all.put(lsn, new Appended(ByteBuffer.wrap(payload), previous, undoNext, false));
                line.add(lsn);
                if (random.nextInt(3) == 0) {
                    stream.force(lsn);
                }
            }
            log.force();
        }
    }

    /** Writes a restart area and moves the base so many records forward. */
    void restart(String name, int needed) throws LogException {
        try (var stream = stream(name)) {
            var records = streams.computeIfAbsent(name, key -> new StreamRecords());
            var payload = new byte[40];
            random.nextBytes(payload);
            var line = records.line();
            long before = stream.latestRestart().map(RestartArea::lsn).orElse(Lsn.INVALID);
            long lsn = stream.writeRestart(ByteBuffer.wrap(payload), line.get(Math.max(0, line.size() - needed)));
            records.all.put(lsn, new Appended(ByteBuffer.wrap(payload), before, Lsn.INVALID, true));
            line.add(lsn);
        }
    }

    /** Cuts the end of a dedicated log. */
    void truncate(int dropped) throws LogException {
        try (var stream = stream("")) {
            var records = streams.computeIfAbsent("", key -> new StreamRecords());
            var kept = new ArrayList<>(records.line().subList(0, records.line().size() - dropped));
            stream.truncateEnd(kept.get(kept.size() - 1));
            records.lines.add(kept);
        }
    }

    /** Remembers what is on the disk now: what a crash would leave. */
    DiskImage moment() {
        moments.add(device.image());
        return moments.get(moments.size() - 1);
    }

    /** All images that were remembered. */
    List<DiskImage> moments() {
        return moments;
    }

    DiskImage close() throws LogException {
        log.close();
        return moment();
    }

    /** Opens it anew; if it was not closed, as after a crash. */
    void reopen() throws LogException {
        device = device.copy();
        log.close();
        log = Log.open(device, options);
    }

    /** Every record of the log, in order, however it was read; asserts that it was appended just so. */
    Map<String, List<Long>> readAll(Log opened) throws LogException {
        var read = new TreeMap<String, List<Long>>();
        for (var name : opened.streamNames()) {
            var records = streams.get(name);
            if (records == null) {
                records = new StreamRecords();
            }
            try (var stream = name.isEmpty() ? opened.stream() : opened.stream(name)) {
                read.put(name, readForward(stream, records));
                if (stream.last() != Lsn.NULL) {
                    readChain(stream, records, ReadMode.PREVIOUS);
                    readChain(stream, records, ReadMode.UNDO_NEXT);
                }
            }
        }
        return read;
    }

    /** Every record of one stream, as {@link #readAll} reads it. */
    List<Long> read(Log opened, String name) throws LogException {
        return readAll(opened).getOrDefault(name, List.of());
    }

    private static List<Long> readForward(LogStream stream, StreamRecords records) throws LogException {
        var lsns = new ArrayList<Long>();
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        while (reader.next()) {
            check(reader, records);
            lsns.add(reader.lsn());
        }
        if (!lsns.isEmpty()) {
            assertThat(records.lines)
                    .as("states in which the stream once was, one of which continues %s", lsns)
                    .anyMatch(line -> isPartOf(lsns, line));
        }
        return lsns;
    }

    private static boolean isPartOf(List<Long> lsns, List<Long> line) {
        int start = line.indexOf(lsns.get(0));
        return start >= 0
                && start + lsns.size() <= line.size()
                && line.subList(start, start + lsns.size()).equals(lsns);
    }

    private static void readChain(LogStream stream, StreamRecords records, ReadMode mode) throws LogException {
        try {
            var reader = stream.read(stream.last(), mode);
            while (reader.next()) {
                check(reader, records);
            }
        } catch (LogRefusedException e) {
            assertThat(e.error()).isIn(LogError.START_OF_LOG, LogError.RECORD_NONEXISTENT);
        }
    }

    private static void check(LogReader reader, StreamRecords records) {
        var appended = records.all.get(reader.lsn());
        if (appended == null) {
            throw new AssertionError("a record that was never appended: " + Lsn.toString(reader.lsn()));
        }
        boolean same = reader.payload().equals(appended.payload)
                && reader.previous() == appended.previous
                && reader.isRestartArea() == appended.restartArea
                && (appended.restartArea || reader.undoNext() == appended.undoNext);
        if (!same) {
            throw new AssertionError("another record than was appended at " + Lsn.toString(reader.lsn()));
        }
    }
}
