package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.format.Checksum;
import dev.ktm.log.format.FrameFormat;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.PlantedDevice;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A harness counts only once it has found the bugs that were planted for it, and nothing where there is none. */
@Tag("slow")
class PlantedBugsTest {

    private static final int SEEDS = 40;
    private static final int STEPS = 30;
    private static final int MANY_STEPS = 200;
    private static final int TRIES = 60;
    private static final long NONE = -1;
    private static final int THREADS = 4;
    private static final int FORCES = 20_000;
    private static final int CRC_OFFSET = 4;
    private static final int LENGTH_OFFSET = 16;
    private static final int ADDRESS_OFFSET = 8;
    private static final int SPAN_OFFSET = 20;
    private static final int PREVIOUS_ADDRESS_OFFSET = 24;
    private static final int PREVIOUS_CRC_OFFSET = 32;
    private static final int RECORDS_OFFSET = 40;
    private static final Logger LOGGER = Logger.getLogger(Log.class.getPackageName());

    @BeforeAll
    static void silence() {
        LOGGER.setLevel(Level.OFF);
    }

    @AfterAll
    static void restore() {
        LOGGER.setLevel(null);
    }

    @Test
    void aRightLogOnARightDeviceViolatesNothing() {
        assertThat(firstViolation(STEPS, disk -> {}, disk -> new PlantedDevice(disk, new PlantedDevice.Bug() {})))
                .isEqualTo(NONE);
    }

    @Test
    void framesThatAreNotForcedAreFound() {
        assertIsFound(disk -> disk.lieAboutForce(name -> name.startsWith("ktm-")));
    }

    @Test
    void aBaseLogFileThatIsNotForcedIsFound() {
        assertIsFound(disk -> disk.lieAboutForce(name -> name.startsWith(BaseLogFile.NAME)));
    }

    @Test
    void aForceThatLiesForOneContainerIsFound() {
        assertIsFound(disk -> disk.lieAboutForce(name -> name.startsWith("ktm-1.")));
    }

    @Test
    void aNewContainerThatIsNotForcedBeforeItIsNamedIsFound() {
        assertIsFound(disk -> disk.lieAboutForce(name -> name.endsWith(Containers.ASIDE)));
    }

    @Test
    void aDirectoryThatIsNeverForcedIsFound() {
        assertIsFound(new PlantedDevice.Bug() {
            @Override
            public void forceDirectory(LogDevice device) {}
        });
    }

    @Test
    void aDirectoryThatIsNotForcedForContainersIsFound() {
        assertIsFound(disk -> disk.lieAboutDirectory(name -> name.startsWith("ktm-")));
    }

    @Test
    void aWriteThatIsAcknowledgedBeforeItIsDoneIsFound() {
        assertIsFoundByEach(DelayedWrites::new);
    }

    @Test
    void writesInAnotherOrderAreFound() {
        assertIsFoundByEach(SwappedWrites::new);
    }

    @Test
    void aChecksumThatIsNotComparedIsFound() {
        assertIsFound(new PlantedDevice.Bug() {
            @Override
            public void read(DeviceFile file, long position, ByteBuffer target) throws IOException {
                int from = target.position();
                file.read(position, target);
                if (PlantedDevice.isContainer(file)) {
                    correctChecksums(target, from);
                }
            }
        });
    }

    @Test
    void aFrameOfAFormerUseOfTheContainerThatIsAcceptedIsFound() {
        var bug = new PlantedDevice.Bug() {
            @Override
            public void read(DeviceFile file, long position, ByteBuffer target) throws IOException {
                int from = target.position();
                file.read(position, target);
                if (PlantedDevice.isContainer(file)) {
                    makeStaleFramesFollow(target, from);
                }
            }
        };

        assertThat(firstViolation(MANY_STEPS, disk -> {}, disk -> new PlantedDevice(disk, bug)))
                .isNotEqualTo(NONE);
    }

    @Test
    void copiesOfTheBaseLogFileThatAreWrittenInOneGoAreFound() {
        assertIsFound(new PlantedDevice.Bug() {
            @Override
            public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
                if (!file.name().startsWith(BaseLogFile.NAME) || position > 0) {
                    file.writeThrough(position, source);
                    return;
                }
                var both = AlignedBuffers.allocate(2 * LogMetadata.COPY_BYTES);
                both.put(source.duplicate()).put(source.duplicate());
                file.writeThrough(0, both.rewind());
            }
        });
    }

    @Test
    void aSecondCopyOfTheBaseLogFileThatIsNotWrittenIsFound() {
        assertIsFound(new PlantedDevice.Bug() {
            @Override
            public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
                if (!file.name().startsWith(BaseLogFile.NAME) || position == 0) {
                    file.writeThrough(position, source);
                }
            }
        });
    }

    @Test
    void addressesThatAreNotSkippedAfterACrashAreFound() {
        assertIsFound(new PlantedDevice.Bug() {
            @Override
            public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
                if (!isFrame(source) || source.getInt(RECORDS_OFFSET) > 0) {
                    file.writeThrough(position, source);
                }
            }
        });
    }

    @Test
    void aFrameThatIsWrittenToAnotherPlaceIsFound() {
        assertIsFound(new PlantedDevice.Bug() {
            private int frames;

            @Override
            public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
                boolean astray = isFrame(source) && ++frames % 20 == 0;
                file.writeThrough(astray ? Math.max(4096, position - 4096) : position, source);
            }
        });
    }

    @Test
    void aFrameThatLosesItsLastBlockIsFound() {
        assertIsFound(new PlantedDevice.Bug() {
            @Override
            public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
                int bytes = source.remaining();
                var shorter = source.duplicate();
                shorter.limit(isFrame(source) && bytes > 4096 ? bytes - 4096 : bytes);
                file.writeThrough(position, shorter);
            }
        });
    }

    @Test
    void aFailedForceThatIsTriedAgainIsFound() {
        assertIsFound(
                disk -> disk.injectFaults(FaultPlan.none().fail(OperationKind.WRITE_FORCE, 20)),
                new PlantedDevice.Bug() {
                    @Override
                    public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
                        try {
                            file.writeThrough(position, source);
                        } catch (IOException e) {
                            file.force();
                        }
                    }
                });
    }

    @Test
    void aFailedWriteThatIsIgnoredIsFound() {
        assertIsFound(
                disk -> disk.injectFaults(FaultPlan.none().fail(OperationKind.WRITE, 20)), new PlantedDevice.Bug() {
                    @Override
                    public void write(DeviceFile file, long position, ByteBuffer source) {
                        try {
                            file.writeThrough(position, source);
                        } catch (IOException e) {
                            // This is the bug.
                        }
                    }
                });
    }

    @Test
    void aReservationThatIsForgottenIsFound() {
        assertThatThrownBy(() -> {
                    for (int seed = 1; seed <= SEEDS; seed++) {
                        var workload = new LogWorkload(seed, disk -> disk);
                        workload.forgetReservations();
                        workload.run(STEPS);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("space is reserved");
    }

    @Test
    void groupCommitLosesNoWakeUp() throws Exception {
        var harness = new GroupCommitHarness(frame -> {});

        assertThat(harness.run(THREADS, FORCES)).isTrue();
    }

    @Test
    void aLostWakeUpIsFound() throws Exception {
        var frames = new AtomicInteger();
        var harness = new GroupCommitHarness(frame -> {
            if (frames.incrementAndGet() > FORCES / 10 && !frame.waiters.isEmpty()) {
                frame.waiters = new WaiterList();
            }
        });

        assertThat(harness.run(THREADS, FORCES)).isFalse();
    }

    private static boolean isFrame(ByteBuffer bytes) {
        return bytes.remaining() >= FrameFormat.BLOCK_BYTES
                && bytes.get(0) == 'K'
                && bytes.get(1) == 'T'
                && bytes.get(2) == 'M'
                && bytes.get(3) == 'F';
    }

    private static void correctChecksums(ByteBuffer target, int from) {
        var checksum = new Checksum();
        for (int at = from; at < target.position(); at += FrameFormat.BLOCK_BYTES) {
            if (!isFrame(target.slice(at, target.position() - at))) {
                continue;
            }
            int length = target.getInt(at + LENGTH_OFFSET);
            int end = at + FrameFormat.padded(Math.max(0, length));
            if (length >= FrameFormat.HEADER_BYTES && end <= target.position()) {
                target.putInt(at + CRC_OFFSET, checksum.of(target, at + CRC_OFFSET + Integer.BYTES, end));
            }
        }
    }

    /** Gives frames that are left over behind the end of the log the address and the predecessor that they need. */
    private static void makeStaleFramesFollow(ByteBuffer target, int from) {
        var checksum = new Checksum();
        int at = from;
        while (at < target.position() && isFrame(target.slice(at, target.position() - at))) {
            int span = target.getInt(at + SPAN_OFFSET);
            int next = at + span;
            if (span <= 0 || next + FrameFormat.BLOCK_BYTES > target.position()) {
                return;
            }
            long wanted = target.getLong(at + ADDRESS_OFFSET) + span;
            if (isFrame(target.slice(next, FrameFormat.BLOCK_BYTES))
                    && target.getLong(next + ADDRESS_OFFSET) != wanted) {
                target.putLong(next + ADDRESS_OFFSET, wanted);
                target.putLong(next + PREVIOUS_ADDRESS_OFFSET, target.getLong(at + ADDRESS_OFFSET));
                target.putInt(next + PREVIOUS_CRC_OFFSET, target.getInt(at + CRC_OFFSET));
                int end = next + FrameFormat.padded(target.getInt(next + LENGTH_OFFSET));
                if (end > target.position()) {
                    return;
                }
                target.putInt(next + CRC_OFFSET, checksum.of(target, next + ADDRESS_OFFSET, end));
            }
            at = next;
        }
    }

    private static void assertIsFound(Consumer<SimulatedDevice> lie) {
        assertThat(firstViolation(STEPS, lie, disk -> disk)).isNotEqualTo(NONE);
    }

    private static void assertIsFound(PlantedDevice.Bug bug) {
        assertIsFound(disk -> {}, bug);
    }

    private static void assertIsFound(Consumer<SimulatedDevice> lie, PlantedDevice.Bug bug) {
        assertThat(firstViolation(STEPS, lie, disk -> new PlantedDevice(disk, bug)))
                .isNotEqualTo(NONE);
    }

    /** Finds a bug that has a state of its own for each device. */
    private static void assertIsFoundByEach(java.util.function.Supplier<PlantedDevice.Bug> bugs) {
        assertThat(firstViolation(STEPS, disk -> {}, disk -> new PlantedDevice(disk, bugs.get())))
                .isNotEqualTo(NONE);
    }

    /** The seed of the first workload in which a promise was broken, or NONE. */
    private static long firstViolation(
            int steps, Consumer<SimulatedDevice> preparation, Function<SimulatedDevice, LogDevice> wrapper) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                var disk = new SimulatedDevice();
                preparation.accept(disk);
                var workload = new LogWorkload(seed, disk, wrapper);
                workload.run(steps);
                var oracle = new Oracle(workload.options(), 1, wrapper);
                CrashStates.of(workload.history())
                        .sample(seed, TRIES, state -> oracle.checkCrash(workload.model(), state));
            } catch (LogException | AssertionError e) {
                return seed;
            }
        }
        return NONE;
    }

    /** A write that waits for the next one. */
    private record Waiting(DeviceFile file, long position, ByteBuffer bytes) {

        static Waiting of(DeviceFile file, long position, ByteBuffer source) {
            var copy = AlignedBuffers.allocate(source.remaining());
            return new Waiting(file, position, copy.put(source.duplicate()).rewind());
        }

        void write() throws IOException {
            file.writeThrough(position, bytes.rewind());
        }
    }

    /** Says that a frame is written, and writes it when the next one comes. */
    private static final class DelayedWrites implements PlantedDevice.Bug {
        private final List<Waiting> waiting = new ArrayList<>();

        @Override
        public synchronized void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
            for (var write : waiting) {
                write.write();
            }
            waiting.clear();
            if (isFrame(source)) {
                waiting.add(Waiting.of(file, position, source));
            } else {
                file.writeThrough(position, source);
            }
        }
    }

    /** Of any two frames, writes the second one first. */
    private static final class SwappedWrites implements PlantedDevice.Bug {
        private final List<Waiting> waiting = new ArrayList<>();

        @Override
        public synchronized void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
            if (isFrame(source) && waiting.isEmpty()) {
                waiting.add(Waiting.of(file, position, source));
                return;
            }
            file.writeThrough(position, source);
            for (var write : waiting) {
                write.write();
            }
            waiting.clear();
        }
    }
}
