package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.format.Checksum;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.testing.DiskImage;
import dev.ktm.log.testing.RawAccess;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/** Images of logs that were changed at random: they open with what was written, or are refused, and nothing else. */
final class Fuzz {

    private static final int BLOCK = FrameFormat.BLOCK_BYTES;

    private final List<WrittenLog> logs = new ArrayList<>();
    private final List<Image> images = new ArrayList<>();
    private long opened;
    private long refused;

    /** An image and the log that it is of. */
    private record Image(WrittenLog log, DiskImage content) {}

    Fuzz() throws LogException {
        var dedicated = new WrittenLog(LogKind.DEDICATED, 2, false, 1);
        dedicated.append("", 6, 900);
        dedicated.restart("", 4);
        dedicated.moment();
        dedicated.append("", 3, 9000);
        dedicated.moment();
        dedicated.truncate(2);
        dedicated.moment();
        dedicated.append("", 3, 20);
        dedicated.close();
        dedicated.reopen();
        dedicated.append("", 4, 300);
        dedicated.moment();
        dedicated.reopen();
        dedicated.append("", 2, 5000);
        dedicated.close();
        add(dedicated);

        var recycled = new WrittenLog(LogKind.MULTIPLEXED, 3, false, 2);
        for (int i = 0; i < 40; i++) {
            recycled.append("orders", 2, 50_000);
            recycled.append("stock", 3, 100);
            if (i % 5 == 4) {
                recycled.restart("orders", 3);
                recycled.restart("stock", 3);
                recycled.moment();
            }
            if (i % 13 == 12) {
                recycled.close();
                recycled.reopen();
            }
        }
        recycled.moment();
        recycled.reopen();
        recycled.append("stock", 3, 100);
        recycled.close();
        add(recycled);

        var archived = new WrittenLog(LogKind.DEDICATED, 3, true, 3);
        archived.append("", 30, 25_000);
        archived.moment();
        archived.append("", 12, 25_000);
        archived.close();
        add(archived);

        var young = new WrittenLog(LogKind.MULTIPLEXED, 2, false, 4);
        young.moment();
        young.append("only", 1, 1);
        young.moment();
        young.close();
        add(young);
    }

    private void add(WrittenLog log) {
        logs.add(log);
        log.moments().forEach(moment -> images.add(new Image(log, moment)));
    }

    long opened() {
        return opened;
    }

    long refused() {
        return refused;
    }

    /** Changes an image as the seed wants it, opens it and reads all of it. */
    void run(long seed) throws LogException {
        var random = new SplittableRandom(seed);
        var image = images.get(random.nextInt(images.size()));
        var device = new SimulatedDevice(image.content);
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            change(device, image, random);
        }
        long before = device.image().hash();
        try (var log = Log.open(device, image.log.options())) {
            opened++;
            owner(log, image.log).readAll(log);
        } catch (LogCorruptException | LogRefusedException e) {
            refused++;
            assertThat(device.image().hash())
                    .as("the files after the refusal: %s", e)
                    .isEqualTo(before);
        }
    }

    /** The same with checksums that are right again: anything may be read then, but nothing else may go wrong. */
    void runForged(long seed) throws LogException {
        var random = new SplittableRandom(seed);
        var image = images.get(random.nextInt(images.size()));
        var device = new SimulatedDevice(image.content);
        forge(device, random);
        try (var log = Log.open(device, image.log.options())) {
            opened++;
            for (var name : log.streamNames()) {
                try (var stream = name.isEmpty() ? log.stream() : log.stream(name)) {
                    readForged(stream);
                }
            }
        } catch (LogException e) {
            refused++;
        }
    }

    private static void readForged(LogStream stream) throws LogException {
        for (var mode : ReadMode.values()) {
            var reader = stream.read(mode == ReadMode.FORWARD ? Lsn.NULL : stream.last(), mode);
            while (reader.next()) {
                assertThat(reader.payload().remaining()).isNotNegative();
            }
        }
    }

    private WrittenLog owner(Log log, WrittenLog otherwise) {
        return logs.stream()
                .filter(one -> one.identity().equals(log.identity()))
                .findFirst()
                .orElse(otherwise);
    }

    private void change(SimulatedDevice device, Image image, SplittableRandom random) {
        var raw = device.raw();
        var name = file(image, random);
        long size = raw.size(name);
        long place = place(size, random);
        switch (random.nextInt(9)) {
            case 0 -> raw.truncateFile(name, random.nextBoolean() ? place : size + random.nextInt(3 * BLOCK));
            case 1, 2, 3 -> flip(raw, name, place);
            case 4 -> write(raw, name, place, bytes(random, 1 + random.nextInt(600)));
            case 5 -> write(raw, name, place / BLOCK * BLOCK, new byte[BLOCK * (1 + random.nextInt(4))]);
            case 6 -> {
                // Another block of the same file.
                long from = place(size, random) / BLOCK * BLOCK;
                if (from + BLOCK <= size) {
                    write(raw, name, place / BLOCK * BLOCK, raw.read(name, from, BLOCK));
                }
            }
            default -> splice(device, image, random);
        }
    }

    /** Takes a part of a file, or all of it, from another moment of the same log or from another log. */
    private void splice(SimulatedDevice device, Image image, SplittableRandom random) {
        var raw = device.raw();
        var from = random.nextInt(4) == 0
                ? images.get(random.nextInt(images.size()))
                : new Image(
                        image.log,
                        image.log
                                .moments()
                                .get(random.nextInt(image.log.moments().size())));
        var source = new SimulatedDevice(from.content).raw();
        var name = file(image, random);
        var theirs = random.nextInt(5) == 0 ? file(from, random) : name;
        if (theirs.equals(BaseLogFile.NAME) != name.equals(BaseLogFile.NAME)) {
            return;
        }
        if (!exists(from, theirs)) {
            return;
        }
        long size = Math.min(raw.size(name), source.size(theirs));
        if (random.nextInt(4) == 0) {
            write(raw, name, 0, source.read(theirs, 0, (int) size));
        } else {
            long unit = name.equals(BaseLogFile.NAME) && random.nextBoolean() ? LogMetadata.COPY_BYTES : BLOCK;
            long at = place(size, random) / unit * unit;
            long length = Math.min(unit * (1 + random.nextInt(3)), size - at);
            if (length > 0) {
                write(raw, name, at, source.read(theirs, at, (int) length));
            }
        }
    }

    private static boolean exists(Image image, String name) {
        return image.log.containers() >= 3 || !name.equals("ktm-3.log");
    }

    private void forge(SimulatedDevice device, SplittableRandom random) {
        var raw = device.raw();
        int containers = 2;
        boolean base = random.nextInt(3) > 0;
        var name = base ? BaseLogFile.NAME : "ktm-" + (1 + random.nextInt(containers)) + ".log";
        int start = base ? 0 : random.nextInt(8) * BLOCK;
        int size = base ? LogMetadata.COPY_BYTES : BLOCK;
        var buffer = ByteBuffer.wrap(raw.read(name, start, size)).order(ByteOrder.LITTLE_ENDIAN);
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = 8 + random.nextInt(base ? 300 : 200);
            switch (random.nextInt(4)) {
                case 0 -> buffer.put(at, (byte) random.nextInt());
                case 1 -> buffer.putInt(at & -4, random.nextInt());
                case 2 -> buffer.putLong(at & -8, random.nextBoolean() ? Long.MAX_VALUE : -random.nextInt(5));
                default -> buffer.putLong(at & -8, random.nextInt(1 << 22));
            }
        }
        boolean version = random.nextInt(10) > 0;
        if (version && base) {
            buffer.putInt(8, 1);
        }
        int covered = size;
        if (!base && start > 0) {
            covered = Math.max(64, Math.min(size, FrameFormat.padded(Math.abs(buffer.getInt(16) % size))));
        }
        buffer.putInt(4, new Checksum().of(buffer, 8, covered));
        write(raw, name, start, buffer.array());
        if (base) {
            write(raw, name, LogMetadata.COPY_BYTES, buffer.array());
        }
    }

    private static String file(Image image, SplittableRandom random) {
        int which = random.nextInt(image.log.containers() + 1);
        return which == 0 ? BaseLogFile.NAME : "ktm-" + which + ".log";
    }

    /** Anywhere in the file, but mostly where something is. */
    private static long place(long size, SplittableRandom random) {
        long bound = switch (random.nextInt(4)) {
            case 0 -> size;
            case 1 -> 512;
            case 2 -> 16L * BLOCK;
            default -> 128L * 1024 + 512;
        };
        return random.nextLong(Math.max(1, Math.min(bound, size)));
    }

    private static void flip(RawAccess raw, String name, long place) {
        if (place < raw.size(name)) {
            raw.flipBit(name, place * 8 + place % 8);
        }
    }

    private static void write(RawAccess raw, String name, long place, byte[] bytes) {
        raw.write(name, place, bytes);
    }

    private static byte[] bytes(SplittableRandom random, int length) {
        var bytes = new byte[length];
        new Random(random.nextLong()).nextBytes(bytes);
        return bytes;
    }
}
