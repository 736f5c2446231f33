package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import org.junit.jupiter.api.Test;

/** What is said of a log that cannot be looked at as a whole. */
class ExaminationTest {

    private static final String CONTAINER = "ktm-2.log";

    @Test
    void aContainerThatMayNotBeReadIsNotTakenForDamage() throws IOException {
        var device = new SimulatedDevice();
        try (var log = Log.open(device, LogOptions.builder().containers(0).build())) {
            log.addContainers(2, 1);
            assertThat(log.containers()).contains(CONTAINER);
        }
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) throws IOException {
                if (kind == OperationKind.OPEN && name.equals(CONTAINER)) {
                    throw new AccessDeniedException(name);
                }
            }
        });

        assertThatThrownBy(() -> LogInspection.examine(device, frame -> {}))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessage(CONTAINER);
    }
}
