package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.count;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.enterprise.transaction.api.JavaEETransactionManager;
import dev.ktm.log.testing.Until;
import java.nio.file.Path;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class InflowCrashTest {

    @TempDir
    private Path directory;

    @Test
    void whatOthersHadPreparedBeforeTheServerDiedIsTheirsToCommitAfterItsRestart() throws Exception {
        Crash.runUntilItDies(directory, true);

        try (var server = Crash.start(directory)) {
            var terminator = server.service(JavaEETransactionManager.class).getXATerminator();
            var found = terminator.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN);
            assertThat(found).hasSize(1);
            assertThat(found[0].getGlobalTransactionId()).isEqualTo(Crash.IMPORTED.getGlobalTransactionId());
            terminator.commit(found[0], false);

            assertThat(count("jdbc/" + Crash.ORDERS, "lamp")).isOne();
            assertThat(count("jdbc/" + Crash.STOCK, "lamp")).isOne();
            Until.holds(() -> server.ktm().manager().transactions().isEmpty());
        }
    }
}
