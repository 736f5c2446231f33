package dev.ktm.lastresource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.KtmOptions;
import dev.ktm.lastresource.Committer.Death;
import dev.ktm.lastresource.Committer.Way;
import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A process dies in the middle of a commit: after its restart all have done what the last resource has. */
@Tag("slow")
class LastResourceCrashTest {

    @TempDir
    Path directory;

    static Stream<Arguments> everyDeathInEveryWay() {
        return Arrays.stream(Way.values())
                .flatMap(way -> Arrays.stream(Death.values()).map(death -> Arguments.of(way, death)));
    }

    @ParameterizedTest
    @MethodSource("everyDeathInEveryWay")
    void bothDatabasesAgreeAndNothingIsLeft(Way way, Death death) throws Exception {
        var databases = Databases.in(directory);
        databases.create();

        crash(way, death);

        try (var ktm = databases.openWithOrders(KtmOptions.builder());
                var taken = databases.take(way, ktm)) {
            for (int i = 0; i < 3; i++) {
                ktm.recoverNow();
            }
            boolean committed = death == Death.AFTER_THE_COMMIT || death == Death.AFTER_ALL;
            assertThat(Databases.count(databases.audit(), "t")).isEqualTo(committed ? 1 : 0);
            assertThat(Databases.count(databases.orders(), "t")).isEqualTo(committed ? 1 : 0);
            assertThat(ktm.manager().live()).as("what waits for an answer").isEmpty();
            assertThat(Databases.count(databases.audit(), "ktm_decision"))
                    .as("rows that nobody will ask for")
                    .isZero();
        }
    }

    private void crash(Way way, Death death) throws Exception {
        var output = directory.resolve("output");
        var process = new ProcessBuilder(
                        JavaCommand.of(List.of(), Committer.class.getName(), directory, death.name(), way.name()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(Committer.KILLED);
    }
}
