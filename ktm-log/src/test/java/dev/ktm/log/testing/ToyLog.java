package dev.ktm.log.testing;

import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.storage.LogDevice.Access;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * The smallest log that can be got wrong: a block for each record, appended to a file that is made aside and renamed.
 *
 * <p>It exists to show that {@link CrashStates} finds what is wrong with it when one of its steps is left out.
 */
final class ToyLog {

    static final int RECORDS = 3;

    private static final String NAME = "log";
    private static final String TEMPORARY = "log.tmp";
    private static final long SIZE = (RECORDS + 1L) * Block.BYTES;
    private static final int RECORD_LONGS = Block.BYTES / Long.BYTES - 1;

    /** The steps that can be left out. */
    enum Step {
        /** Forcing the new file before it is renamed. */
        FORCE_TEMPORARY_FILE,
        /** Forcing the directory after the rename. */
        FORCE_DIRECTORY,
        /** Comparing the checksum of a record that is read. */
        VERIFY_CHECKSUM
    }

    /** The log exists. */
    record Created() {}

    /** The record of this number was acknowledged. */
    record Appended(int record) {}

    private final Set<Step> steps;

    ToyLog(Set<Step> omitted) {
        this.steps = EnumSet.allOf(Step.class);
        this.steps.removeAll(omitted);
    }

    /** Creates a log and appends all records to it. */
    void write(SimulatedDevice device) throws IOException {
        try (var file = device.create(TEMPORARY, SIZE)) {
            file.writeThrough(0, record(0));
            if (steps.contains(Step.FORCE_TEMPORARY_FILE)) {
                file.force();
            }
        }
        device.rename(TEMPORARY, NAME);
        if (steps.contains(Step.FORCE_DIRECTORY)) {
            device.forceDirectory();
        }
        device.mark(new Created());
        try (var file = device.open(NAME, Access.WRITE)) {
            for (var number = 1; number <= RECORDS; number++) {
                file.writeThrough((long) number * Block.BYTES, record(number));
                device.mark(new Appended(number));
            }
        }
    }

    /** The numbers of the records found, or nothing if there is no log. */
    Optional<List<Integer>> recover(LogDevice device) throws IOException {
        if (!device.list().contains(NAME)) {
            return Optional.empty();
        }
        try (var file = device.open(NAME, Access.READ)) {
            if (file.size() != SIZE) {
                throw new IOException("expected " + SIZE + " bytes, found " + file.size());
            }
            var found = new ArrayList<Integer>();
            for (var number = 0; number <= RECORDS; number++) {
                var block = ByteBuffer.allocate(Block.BYTES);
                file.read((long) number * Block.BYTES, block);
                if (!isRecord(block.flip(), number)) {
                    break;
                }
                for (var i = 1; i <= RECORD_LONGS; i++) {
                    check(block.getLong(i * Long.BYTES) == content(number), "record " + number + " is mutilated");
                }
                found.add(number);
            }
            return Optional.of(found);
        }
    }

    /** Recovers and compares with what was promised. */
    void checkPromises(CrashState state) throws IOException {
        var found = recover(state.device());
        var promised = state.lastMark(Appended.class).map(Appended::record).orElse(0);
        check(found.isPresent() || state.lastMark(Created.class).isEmpty(), "the log is gone");
        check(found.isEmpty() || found.get().size() > promised, "record " + promised + " is gone");
    }

    private boolean isRecord(ByteBuffer block, int number) {
        if (steps.contains(Step.VERIFY_CHECKSUM)) {
            return block.getLong(0) == checksum(block);
        }
        return block.getLong(Long.BYTES) == content(number);
    }

    private static ByteBuffer record(int number) {
        var block = TestBlocks.empty(1);
        for (var i = 1; i <= RECORD_LONGS; i++) {
            block.putLong(i * Long.BYTES, content(number));
        }
        return block.putLong(0, checksum(block));
    }

    private static long content(int number) {
        return 1_000_003L * (number + 1);
    }

    private static long checksum(ByteBuffer block) {
        var crc = new CRC32C();
        crc.update(block.duplicate().position(Long.BYTES));
        return crc.getValue() + 1;
    }

    private static void check(boolean holds, String otherwise) throws IOException {
        if (!holds) {
            throw new IOException(otherwise);
        }
    }
}
