package dev.ktm.log.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice.Access;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CrashStatesTest {

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    void losesAnyChangeOfNamesUntilTheDirectoryIsForced() throws Exception {
        device.create("a", 0).close();
        device.create("b", 0).close();
        device.rename("b", "c");
        var before = names(device.point());
        device.forceDirectory();
        var after = names(device.point());

        assertThat(before).containsExactlyInAnyOrder("[]", "[a]", "[b]", "[c]", "[a, b]", "[a, c]");
        assertThat(after).containsExactly("[a, c]");
    }

    @Test
    void bringsDeletedFilesBackUntilTheDirectoryIsForced() throws Exception {
        device.create("a", 0).close();
        device.forceDirectory();
        device.delete("a");
        var before = names(device.point());
        device.forceDirectory();

        assertThat(before).containsExactlyInAnyOrder("[a]", "[]");
        assertThat(names(device.point())).containsExactly("[]");
    }

    @Test
    void leavesANameWithoutContentUntilTheFileIsForced() throws Exception {
        var file = device.create("a", 100);
        device.forceDirectory();
        var before = images(device.point());
        file.force();

        assertThat(before).containsExactlyInAnyOrder("DiskImage[a 0]", "DiskImage[a 100]");
        assertThat(images(device.point())).containsExactly("DiskImage[a 100]");
    }

    @Test
    void losesTheChangesOfDifferentFilesIndependently() throws Exception {
        device.create("a", 1).close();
        device.create("b", 2).close();
        device.forceDirectory();

        assertThat(images(device.point()))
                .containsExactlyInAnyOrder(
                        "DiskImage[a 0, b 0]", "DiskImage[a 0, b 2]", "DiskImage[a 1, b 0]", "DiskImage[a 1, b 2]");
    }

    @Test
    void leavesOldNewOrEmptyContentAfterRenameOverAFile() throws Exception {
        device.raw().createFile("final", new byte[7]);
        device.create("tmp", 9).close();
        device.rename("tmp", "final");

        assertThat(images(device.point()))
                .containsExactlyInAnyOrder(
                        "DiskImage[final 7]",
                        "DiskImage[final 7, tmp 0]",
                        "DiskImage[final 7, tmp 9]",
                        "DiskImage[final 0]",
                        "DiskImage[final 9]");
    }

    @Test
    void tearsAWriteInEveryWayUntilItIsForced() throws Exception {
        var file = durableFile(1, 5);
        file.writeThrough(0, TestBlocks.filled(1, 2));

        var torn = contents(device.point() - 1);
        var forced = contents(device.point());

        assertThat(torn).hasSizeGreaterThan(256).contains("55555555", "22222222", "25252525", "22000000", "22202222");
        assertThat(forced).containsExactly("22222222");
    }

    @Test
    void keepsALaterWriteAndLosesAnEarlierOneWhenBothAreInFlight() throws Exception {
        var file = durableFile(2, 0);
        device.lieAboutForce(name -> true);
        file.writeThrough(0, TestBlocks.filled(1, 1));
        file.writeThrough(Block.BYTES, TestBlocks.filled(1, 2));

        assertThat(contents(device.point()))
                .contains(
                        "0000000000000000",
                        "0000000022222222",
                        "1111111100000000",
                        "1111111122222222",
                        "1010101000002222");
    }

    @Test
    void doesNotForceNamesThatChangedAfterTheForceBegan() throws Exception {
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) throws IOException {
                if (kind == OperationKind.FORCE_DIRECTORY) {
                    device.create("late", 0).close();
                }
            }
        });

        device.forceDirectory();

        assertThat(names(device.point())).containsExactlyInAnyOrder("[]", "[late]");
    }

    @Test
    void doesNotForceDataThatWasWrittenAfterTheForceBegan() {
        var base = new DiskImage(List.of(new DiskImage.Entry("log", 1, FileContent.EMPTY)));
        var write = new Operation.Write(1, "log", 0, Block.split(TestBlocks.filled(1, 1)), true);
        var history = new History(base, List.of(write, new Operation.Forced(1, "log", 0)));
        var forcedAfterwards = new History(base, List.of(write, new Operation.Forced(1, "log", 1)));

        assertThat(CrashStates.of(history).from(2).forEach(state -> {})).isGreaterThan(256);
        assertThat(CrashStates.of(forcedAfterwards).from(2).forEach(state -> {}))
                .isEqualTo(1);
    }

    @Test
    void doesNotLetALaterForceMakeUpForAFailedOne() throws Exception {
        var file = durableFile(1, 0);
        device.injectFaults(FaultPlan.none().fail(OperationKind.WRITE_FORCE, 1));
        assertThatThrownBy(() -> file.writeThrough(0, TestBlocks.filled(1, 1))).hasMessage("EIO");

        file.force();

        assertThat(contents(device.point())).contains("00000000", "11111111", "11110000");
    }

    @Test
    void leavesBothOutcomesOfAFailedRenameOrDelete() throws Exception {
        device.raw().createFile("a", new byte[1]);
        device.raw().createFile("b", new byte[2]);
        device.injectFaults(FaultPlan.none().fail(OperationKind.RENAME, 1).fail(OperationKind.DELETE, 1));
        assertThatThrownBy(() -> device.rename("a", "c")).hasMessage("EIO");
        assertThatThrownBy(() -> device.delete("b")).hasMessage("EIO");

        device.forceDirectory();

        assertThat(device.list()).containsExactly("a", "b");
        assertThat(names(device.point())).containsExactlyInAnyOrder("[a, b]", "[b, c]", "[a]", "[c]");
    }

    @Test
    void letsADurableNameReplaceWhatWasAtRiskThere() throws Exception {
        device.injectFaults(FaultPlan.none().fail(OperationKind.CREATE, 1));
        assertThatThrownBy(() -> device.create("a", 5)).hasMessage("EIO");
        assertThat(images(device.point())).containsExactlyInAnyOrder("DiskImage[]", "DiskImage[a 0]");

        device.create("a", 5).force();
        device.forceDirectory();

        assertThat(images(device.point())).containsExactly("DiskImage[a 5]");
    }

    @Test
    void putsAFailedWriteAtRiskWhollyWhateverWasSeenOfIt() throws Exception {
        var file = durableFile(1, 0);
        device.injectFaults(FaultPlan.none().shortWrite(1, 2));
        assertThatThrownBy(() -> file.writeThrough(0, TestBlocks.filled(1, 1))).hasMessage("EIO");

        assertThat(contents(device.point())).contains("00000000", "11000000", "11111111");
    }

    @Test
    void letsADurableWriteReplaceWhatWasAtRiskThere() throws Exception {
        var file = durableFile(2, 0);
        device.injectFaults(FaultPlan.none().fail(OperationKind.WRITE_FORCE, 1));
        assertThatThrownBy(() -> file.writeThrough(0, TestBlocks.filled(2, 1))).hasMessage("EIO");
        file.writeThrough(Block.BYTES, TestBlocks.filled(1, 2));

        assertThat(contents(device.point()))
                .contains("0000000022222222", "1111111122222222")
                .allMatch(sectors -> sectors.endsWith("22222222"));
    }

    @Test
    void growsAFileNoFurtherThanWhatWasWritten() throws Exception {
        var file = device.create("log", 0);
        file.force();
        device.forceDirectory();
        file.writeThrough(0, TestBlocks.filled(1, 1));

        assertThat(contents(device.point() - 1)).contains("", "1", "11", "01", "11111111", "00000000");
    }

    @Test
    void visitsADiskAgainOnlyWhenMoreIsKnown() throws Exception {
        var file = durableFile(1, 0);
        var start = device.point();
        file.writeThrough(0, TestBlocks.filled(1, 1));
        var unmarked = CrashStates.of(device.history()).from(start).forEach(state -> {});
        device.mark("acknowledged");
        var known = new ArrayList<List<Object>>();
        var marked = CrashStates.of(device.history()).from(start).forEach(state -> known.add(state.marks()));

        assertThat(unmarked).isEqualTo(256);
        assertThat(marked).isEqualTo(257);
        assertThat(known)
                .filteredOn(marks -> marks.equals(List.of("acknowledged")))
                .hasSize(1);
    }

    @Test
    void enumeratesCrashesDuringRecoveryAsWell() throws Exception {
        var file = durableFile(1, 3);
        file.writeThrough(0, TestBlocks.filled(1, 1));
        var outcomes = new HashSet<String>();

        CrashStates.of(device.history()).from(device.point()).forEach(state -> {
            var recovering = state.device();
            recovering.open("log", Access.WRITE).writeThrough(0, TestBlocks.filled(1, 2));
            CrashStates.of(recovering.history())
                    .forEach(nested -> outcomes.add(
                            TestBlocks.sectors(nested.device().raw().read("log"))));
        });

        assertThat(outcomes).hasSizeGreaterThan(256).contains("11111111", "22222222", "12121212");
    }

    @Test
    void saysHowToReproduceAFailure() throws Exception {
        var file = durableFile(1, 0);
        file.writeThrough(0, TestBlocks.filled(1, 1));

        assertThatThrownBy(() -> CrashStates.of(device.history()).seed(9).forEach(state -> {
                    if (state.point() > 0) {
                        throw new IOException("lost");
                    }
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessage("java.io.IOException: lost after power loss at point 1 of 2 (after Write[inode=1, name=log,"
                        + " position=0, bytes=4096]): write #0 of log at 0: new 0-7; seed 9")
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void staysBoundedWhereTooMuchIsAtRiskAndStillTriesTheTellingCases() throws Exception {
        var file = durableFile(30, 0);
        device.lieAboutForce(name -> true);
        for (var i = 0; i < 30; i++) {
            file.writeThrough((long) i * Block.BYTES, TestBlocks.filled(1, 1));
        }
        var states = new HashSet<String>();

        var count = CrashStates.of(device.history())
                .from(device.point())
                .atMostPerPoint(1000)
                .forEach(state ->
                        states.add(TestBlocks.sectors(state.device().raw().read("log"))));

        assertThat(count).isBetween(10_000L, 20_000L);
        assertThat(states)
                .hasSize((int) count)
                .contains("0".repeat(240), "1".repeat(240))
                .contains("1".repeat(80) + "0".repeat(160), "0".repeat(80) + "1".repeat(160))
                .contains("1".repeat(80) + "01010101" + "1".repeat(152));
    }

    @Test
    void samplesLongHistoriesReproducibly() throws Exception {
        var file = durableFile(64, 0);
        for (var i = 0; i < 2000; i++) {
            file.writeThrough((i % 64) * (long) Block.BYTES, TestBlocks.filled(1, i % 9 + 1));
        }
        var first = new ArrayList<Long>();
        var second = new ArrayList<Long>();
        var points = new TreeSet<Integer>();

        var count = CrashStates.of(device.history()).sample(42, 1000, state -> {
            first.add(state.image().hash());
            points.add(state.point());
        });
        CrashStates.of(device.history())
                .sample(42, 1000, state -> second.add(state.image().hash()));

        assertThat(count).isBetween(600L, 1000L);
        assertThat(first).hasSize((int) count).isEqualTo(second);
        assertThat(points).hasSizeGreaterThan(400);
    }

    @Test
    void findsNoDiskTwiceBetweenMarks() throws Exception {
        durableFile(1, 0).writeThrough(0, TestBlocks.filled(1, 1));
        device.create("other", 10).close();
        device.rename("other", "another");
        var hashes = new ArrayList<Long>();

        CrashStates.of(device.history())
                .forEach(state -> hashes.add(state.image().hash()));

        assertThat(hashes).doesNotHaveDuplicates();
    }

    /** A file "log", all of it durable, and no history. */
    private DeviceFile durableFile(int blocks, int value) throws IOException {
        var file = device.create("log", (long) blocks * Block.BYTES);
        file.writeThrough(0, TestBlocks.filled(blocks, value));
        device.forgetHistory();
        return file;
    }

    private Set<String> names(int point) {
        var found = new TreeSet<String>();
        CrashStates.of(device.history())
                .from(point)
                .upTo(point)
                .forEach(state -> found.add(state.device().list().toString()));
        return found;
    }

    private Set<String> images(int point) {
        var found = new TreeSet<String>();
        CrashStates.of(device.history())
                .from(point)
                .upTo(point)
                .forEach(state -> found.add(state.image().toString()));
        return found;
    }

    private Set<String> contents(int point) {
        var found = new TreeSet<String>();
        CrashStates.of(device.history())
                .from(point)
                .upTo(point)
                .forEach(state ->
                        found.add(TestBlocks.sectors(state.device().raw().read("log"))));
        return found;
    }
}
