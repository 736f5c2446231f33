package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.count;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.enterprise.transaction.api.ResourceRecoveryManager;
import dev.ktm.log.testing.Until;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class CrashTest {

    @TempDir
    private Path directory;

    @Test
    void whatWasDecidedBeforeTheServerDiedIsDoneAfterItsRestart() throws Exception {
        runUntilItDies();

        try (var server = Crash.start(directory)) {
            server.service(ResourceRecoveryManager.class).recoverIncompleteTx(false, "");

            assertThat(server.ktm().resourceManagers()).contains(Crash.ORDERS, Crash.STOCK);
            assertThat(count("jdbc/" + Crash.ORDERS, "lamp")).isOne();
            assertThat(count("jdbc/" + Crash.STOCK, "lamp")).isOne();
            // It has ended a moment before it is gone.
            Until.holds(() -> server.ktm().manager().transactions().isEmpty());
        }
    }

    private void runUntilItDies() throws IOException, InterruptedException {
        var output = directory.resolve("output").toFile();
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(System.getProperty("glassfish.arguments").split(" ")));
        command.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-Dderby.stream.error.file=" + directory.resolve("derby.log"),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Crash.class.getName(),
                directory.toString()));
        var child = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        assertThat(child.waitFor()).as(() -> text(output)).isEqualTo(CrashingDataSource.CRASHED);
    }

    private static String text(File file) {
        try {
            return Files.readString(file.toPath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
