package dev.ktm.log.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice.Access;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FaultPlanTest {

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    void failsTheNthOperationOnce() throws Exception {
        var file = device.create("log", 8 * Block.BYTES);
        device.injectFaults(FaultPlan.none().fail(OperationKind.WRITE, 2));

        var outcomes = writes(file, 4);

        assertThat(outcomes).containsExactly("ok", "EIO", "ok", "ok");
        assertThat(TestBlocks.sectors(device.raw().read("log", 0, 3 * Block.BYTES)))
                .isEqualTo("111111110000000033333333");
    }

    @Test
    void failsFromTheNthOperationOn() throws Exception {
        var file = device.create("log", 8 * Block.BYTES);
        device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 3));

        assertThat(writes(file, 4)).containsExactly("ok", "ok", "EIO", "EIO");
        assertThat(device.faultsInjected()).isEqualTo(2);
    }

    @Test
    void sweepsOverEveryOperationUntilARunSeesNoFailure() throws Exception {
        var failed = new ArrayList<OperationKind>();
        for (var nth = 1; ; nth++) {
            var fresh = new SimulatedDevice();
            var last = new ArrayList<OperationKind>();
            fresh.hook(new OperationHook() {
                @Override
                public void before(OperationKind kind, String name) {
                    last.add(kind);
                }
            });
            fresh.injectFaults(FaultPlan.none().failAny(nth));
            try {
                everyOperation(fresh);
                assertThat(fresh.faultsInjected()).isZero();
                break;
            } catch (IOException e) {
                assertThat(e).hasMessage("EIO");
                failed.add(last.get(last.size() - 1));
            }
        }

        assertThat(EnumSet.copyOf(failed)).isEqualTo(EnumSet.allOf(OperationKind.class));
        assertThat(failed).hasSize(OperationKind.values().length);
    }

    @Test
    void leavesTheWrittenPartOfATornWrite() throws Exception {
        var file = device.create("log", Block.BYTES);
        device.injectFaults(FaultPlan.none().shortWrite(1, 3));

        assertThat(writes(file, 1)).containsExactly("EIO");

        assertThat(TestBlocks.sectors(device.raw().read("log"))).isEqualTo("11100000");
    }

    @Test
    void fillsTheDiskWithNewBlocksOnly() throws Exception {
        var file = device.create("log", 8 * Block.BYTES);
        file.writeThrough(0, TestBlocks.filled(1, 9));
        device.injectFaults(FaultPlan.none().diskFullAfter(2 * Block.BYTES));

        file.writeThrough(0, TestBlocks.filled(2, 1));
        assertThatThrownBy(() -> file.writeThrough(2 * Block.BYTES, TestBlocks.filled(2, 2)))
                .hasMessage("No space left on device");
        assertThatThrownBy(() -> device.create("next", 100)).hasMessage("No space left on device");
        file.writeThrough(0, TestBlocks.filled(2, 3));

        assertThat(TestBlocks.sectors(device.raw().read("log", 0, 4 * Block.BYTES)))
                .isEqualTo("33333333333333332222222200000000");
        assertThat(device.raw().size("next")).isZero();
    }

    @Test
    void leavesAnEmptyFileWhereTheDiskIsFullAtCreation() throws Exception {
        device.injectFaults(FaultPlan.none().diskFullAtCreate(2));

        device.create("a", 100).close();
        assertThatThrownBy(() -> device.create("b", 100)).hasMessage("No space left on device");

        assertThat(device.list()).containsExactly("a", "b");
        assertThat(device.raw().size("b")).isZero();
    }

    @Test
    void choosesTheSamePlacesForTheSameSeed() throws Exception {
        var outcomes = new ArrayList<List<String>>();
        for (var seed : List.of(1L, 1L, 2L)) {
            var fresh = new SimulatedDevice();
            var file = fresh.create("log", 0);
            fresh.injectFaults(FaultPlan.random(seed, 3));
            outcomes.add(writes(file, 100));
        }

        assertThat(outcomes.get(0)).isEqualTo(outcomes.get(1)).isNotEqualTo(outcomes.get(2));
        assertThat(Set.copyOf(outcomes.get(0))).isEqualTo(Set.of("ok", "EIO"));
        assertThat(FaultPlan.random(77, 3)).hasToString("FaultPlan[one in 3 fails, seed 77]");
    }

    private static void everyOperation(SimulatedDevice device) throws IOException {
        try (var ownership = device.acquire("lock")) {
            ownership.check();
            device.list();
            var file = device.create("a", Block.BYTES);
            file.writeThrough(0, TestBlocks.filled(1, 1));
            file.force();
            device.rename("a", "b");
            device.forceDirectory();
            var opened = device.open("b", Access.READ);
            opened.read(opened.size() - 1, ByteBuffer.allocate(1));
            device.delete("b");
        }
    }

    private static List<String> writes(DeviceFile file, int count) {
        var outcomes = new ArrayList<String>();
        for (var i = 0; i < count; i++) {
            try {
                file.writeThrough((long) i * Block.BYTES, TestBlocks.filled(1, i + 1));
                outcomes.add("ok");
            } catch (IOException e) {
                outcomes.add(e.getMessage());
            }
        }
        return outcomes;
    }
}
