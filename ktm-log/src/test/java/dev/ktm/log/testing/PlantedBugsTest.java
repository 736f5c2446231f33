package dev.ktm.log.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.storage.LogDevice.Access;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A harness counts only once it has found the bugs that were planted for it. */
class PlantedBugsTest {

    private final SimulatedDevice device = new SimulatedDevice();

    @Test
    void theRightLogKeepsItsPromisesInEveryCrashState() throws Exception {
        var log = new ToyLog(Set.of());
        log.write(device);

        var states = CrashStates.of(device.history()).forEach(log::checkPromises);

        assertThat(states).isGreaterThan(1000);
    }

    @Test
    void aDeviceThatNeverForcesIsFound() throws Exception {
        device.lieAboutForce(name -> true);
        var log = new ToyLog(Set.of());
        log.write(device);

        assertThatThrownBy(() -> CrashStates.of(device.history()).forEach(log::checkPromises))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void aDeviceThatForcesOneFileOnlyIsFound() throws Exception {
        device.lieAboutForce("log"::equals);
        var log = new ToyLog(Set.of());
        log.write(device);

        assertThatThrownBy(() -> CrashStates.of(device.history()).forEach(log::checkPromises))
                .hasMessageContaining("record 1 is gone");
    }

    @Test
    void aDirectoryThatIsNotForcedIsFound() throws Exception {
        var log = new ToyLog(EnumSet.of(ToyLog.Step.FORCE_DIRECTORY));
        log.write(device);

        assertThatThrownBy(() -> CrashStates.of(device.history()).forEach(log::checkPromises))
                .hasMessageContaining("the log is gone");
    }

    @Test
    void aDeviceThatIgnoresDirectoryForcesIsFound() throws Exception {
        device.lieAboutDirectory("log"::equals);
        var log = new ToyLog(Set.of());
        log.write(device);

        assertThatThrownBy(() -> CrashStates.of(device.history()).forEach(log::checkPromises))
                .hasMessageContaining("the log is gone");
    }

    @Test
    void aTemporaryFileThatIsNotForcedBeforeItsRenameIsFound() throws Exception {
        var log = new ToyLog(EnumSet.of(ToyLog.Step.FORCE_TEMPORARY_FILE));
        log.write(device);

        assertThatThrownBy(() -> CrashStates.of(device.history()).forEach(log::checkPromises))
                .hasMessageContaining("expected 16384 bytes, found");
    }

    @Test
    void aRecordWithoutChecksumIsFound() throws Exception {
        var log = new ToyLog(EnumSet.of(ToyLog.Step.VERIFY_CHECKSUM));
        log.write(device);

        assertThatThrownBy(() -> CrashStates.of(device.history()).forEach(log::checkPromises))
                .hasMessageContaining("is mutilated");
    }

    @Test
    void aRetriedForceIsFound() throws Exception {
        var log = new ToyLog(Set.of());
        device.injectFaults(FaultPlan.none().fail(OperationKind.WRITE_FORCE, 3));
        assertThatThrownBy(() -> log.write(device)).isInstanceOf(IOException.class);
        try (var file = device.open("log", Access.WRITE)) {
            file.force();
        }
        device.mark(new ToyLog.Appended(2));

        assertThatThrownBy(() -> CrashStates.of(device.history()).forEach(log::checkPromises))
                .hasMessageContaining("record 2 is gone");
    }
}
