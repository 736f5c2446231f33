package dev.ktm.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A process dies before and after each call of each driver: after recovery both databases have the entry, or none. */
@Tag("slow")
class CrashTest {

    @TempDir
    Path directory;

    static Stream<Arguments> everyCall() {
        return Stream.of("start", "end", "prepare", "commit")
                .flatMap(call -> Stream.of("h2", "derby")
                        .flatMap(database ->
                                Stream.of("before", "after").map(moment -> Arguments.of(database, call, moment))));
    }

    @ParameterizedTest
    @MethodSource("everyCall")
    void bothDatabasesAgreeAfterACrash(String database, String call, String moment) throws Exception {
        Crasher.prepare(directory);

        var said = crash(database, call, moment);

        assertThat(said).as("it has died on the way").doesNotContain(Crasher.COMMITTED);
        var entries = recover();
        assertThat(entries.get(0)).as("H2 as Derby").isEqualTo(entries.get(1));
        // The first call of a commit comes after the decision.
        assertThat(entries.get(0)).isEqualTo(call.equals("commit"));
    }

    private String crash(String database, String call, String moment) throws Exception {
        var process = new ProcessBuilder(JavaCommand.of(
                        List.of("-Dderby.stream.error.file=" + directory.resolve("derby.log")),
                        Crasher.class.getName(),
                        directory,
                        database,
                        call,
                        moment))
                .redirectError(directory.resolve("errors").toFile())
                .start();
        var said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor())
                .as(() -> errors(directory.resolve("errors")))
                .isEqualTo(Crasher.KILLED);
        return said;
    }

    private static String errors(Path file) {
        try {
            return Files.readString(file, UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Whether the entry is there, in each of the two. */
    private List<Boolean> recover() throws Exception {
        try (var ktm = Crasher.open(directory);
                var h2 = Crasher.open(ktm, "h2", Crasher.h2(directory));
                var derby = Crasher.open(ktm, "derby", Crasher.derby(directory))) {
            ktm.recoverNow();

            assertThat(ktm.manager().live()).isEmpty();
            return List.of(contains(h2), contains(derby));
        } finally {
            Crasher.shutDown(directory);
        }
    }

    private static boolean contains(KtmDataSource source) throws SQLException {
        try (var connection = source.getConnection()) {
            return Databases.contains(connection, Crasher.ENTRY);
        }
    }
}
