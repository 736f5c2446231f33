package dev.ktm.agroal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.agroal.Committer.Death;
import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process dies in the middle of a commit: what it has prepared is found through the registrations of Agroal alone. */
@Tag("slow")
class AgroalCrashTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void bothDatabasesAgreeAndNothingIsLeft(Death death) throws Exception {
        Pools.prepare(Pools.url(directory, "orders"));
        Pools.prepare(Pools.url(directory, "stock"));

        crash(death);

        try (var ktm = Committer.open(directory);
                var orders = Committer.pool(ktm, directory, "orders");
                var stock = Committer.pool(ktm, directory, "stock")) {
            ktm.recoverNow();
            // Only when each has said its name is it known whose answer counts.
            ktm.recoverNow();

            int expected = death == Death.BEFORE_THE_DECISION ? 0 : 1;
            assertThat(List.of(Pools.count(Pools.url(directory, "orders")), Pools.count(Pools.url(directory, "stock"))))
                    .containsExactly(expected, expected);
            assertThat(ktm.manager().live()).as("what waits for an answer").isEmpty();
            assertThat(orders.getMetrics().activeCount() + stock.getMetrics().activeCount())
                    .as("recovery takes nothing from the pools")
                    .isZero();
        }
    }

    private void crash(Death death) throws Exception {
        var output = directory.resolve("output");
        var process = new ProcessBuilder(JavaCommand.of(List.of(), Committer.class.getName(), directory, death.name()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(Committer.KILLED);
    }
}
