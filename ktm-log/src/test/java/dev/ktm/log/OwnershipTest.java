package dev.ktm.log;

import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.JavaCommand;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnershipTest {

    private static final LogOptions OPTIONS = LogOptions.builder()
            .kind(LogKind.DEDICATED)
            .containerBytes(1)
            .containers(2)
            .build();

    @TempDir
    private Path directory;

    @Test
    @Conforms("CLFS-38")
    void aSecondProcessIsRefusedAndToldWhoHasTheLog() throws Exception {
        try (var log = Log.open(directory, OPTIONS);
                var stream = log.stream()) {
            stream.appendForced(data("a"));

            var answer = openInAnotherProcess();

            long pid = ProcessHandle.current().pid();
            assertThat(answer).startsWith("in use by " + pid + ": ").contains("process " + pid);
            stream.appendForced(data("the log goes on"));
        }
        assertThat(openInAnotherProcess()).isEqualTo("opened");
        Log.open(directory, OPTIONS).close();
    }

    @Test
    @Conforms("CLFS-38")
    void aSecondOpenInTheSameProcessIsRefusedAndLeavesTheLockInPlace() throws Exception {
        try (var log = Log.open(directory, OPTIONS);
                var stream = log.stream()) {
            assertThatThrownBy(() -> Log.open(directory, OPTIONS))
                    .isInstanceOfSatisfying(LogInUseException.class, refusal -> {
                        assertThat(refusal.ownerPid())
                                .isEqualTo(ProcessHandle.current().pid());
                        assertThat(refusal.error()).isEqualTo(LogError.SHARING_VIOLATION);
                    });
            assertThatThrownBy(() -> Log.open(directory.resolve("..").resolve(directory.getFileName()), OPTIONS))
                    .isInstanceOf(LogInUseException.class);

            assertThat(openInAnotherProcess()).startsWith("in use by ");
            stream.appendForced(data("the log goes on"));
        }
    }

    @Test
    void aFormerOwnerStopsBeforeItsNextContainer() throws Exception {
        var device = new SimulatedDevice();
        var former = LogFixture.dedicated(device, 4);
        var stream = former.stream();
        stream.appendForced(data("a"));
        device.loseOwnership();

        try (var log = LogFixture.reopen(device, LogKind.DEDICATED)) {
            assertThatThrownBy(() -> LogFixture.append(stream, 30))
                    .isInstanceOf(LogFailedException.class)
                    .hasStackTraceContaining("lost");

            assertThat(former.engine().io().commit().durable())
                    .isLessThanOrEqualTo(2 * log.stats().containerBytes());
        }
        assertThatThrownBy(former::close).isInstanceOf(LogFailedException.class);
    }

    @Test
    void aLogThatWasRefusedIsNotOwned() throws Exception {
        Log.open(directory, OPTIONS).close();
        var wrong = LogOptions.builder().kind(LogKind.MULTIPLEXED).build();

        assertThat(refusal(() -> Log.open(directory, wrong))).isEqualTo(LogError.DEDICATED);

        Log.open(directory, OPTIONS).close();
    }

    /** Tries to open the log and says what came of it. */
    private String openInAnotherProcess() throws Exception {
        var process = new ProcessBuilder(JavaCommand.of(List.of(), Opener.class.getName(), directory))
                .redirectErrorStream(true)
                .start();
        try (var output = process.inputReader()) {
            var lines = output.lines().toList();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            return lines.get(lines.size() - 1);
        }
    }

    /** What the other process does. */
    static final class Opener {

        private Opener() {}

        public static void main(String[] arguments) throws LogException {
            try (var log = Log.open(Path.of(arguments[0]), OPTIONS)) {
                System.out.println(log.containers().size() == 2 ? "opened" : "opened something else");
            } catch (LogInUseException e) {
                System.out.println("in use by " + e.ownerPid() + ": " + e.getMessage());
            }
        }
    }
}
