package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.count;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.enterprise.transaction.api.ResourceRecoveryManager;
import dev.ktm.log.testing.Until;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class CrashTest {

    @TempDir
    private Path directory;

    @Test
    void whatWasDecidedBeforeTheServerDiedIsDoneAfterItsRestart() throws Exception {
        Crash.runUntilItDies(directory, false);

        try (var server = Crash.start(directory)) {
            server.service(ResourceRecoveryManager.class).recoverIncompleteTx(false, "");

            assertThat(server.ktm().resourceManagers()).contains(Crash.ORDERS, Crash.STOCK);
            assertThat(count("jdbc/" + Crash.ORDERS, "lamp")).isOne();
            assertThat(count("jdbc/" + Crash.STOCK, "lamp")).isOne();
            // It has ended a moment before it is gone.
            Until.holds(() -> server.ktm().manager().transactions().isEmpty());
        }
    }
}
