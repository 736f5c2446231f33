package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the tool ends when something is not as whoever runs it expects. */
@Tag("slow")
class ExitCodesTest {

    @TempDir
    private Path directory;

    private Spoken ask(String... words) {
        return Spoken.by(java.util.stream.Stream.concat(
                        java.util.stream.Stream.of(words),
                        java.util.stream.Stream.of("--channels", directory.toString()))
                .toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({
        "USAGE, 2",
        "NOT_FOUND, 3",
        "BUSY, 3",
        "REFUSED, 4",
        "OFFLINE, 4",
        "UNAUTHORIZED, 5",
        "FAILED, 6",
        "SOMETHING_NEW, 6"
    })
    void theErrorOfACoordinatorHasACode(String error, int code) throws Exception {
        try (var channel = new FakeChannel(
                directory, "{\"ok\":false,\"error\":{\"code\":\"" + error + "\",\"message\":\"because\"}}")) {
            var spoken = ask("list", "transactions");
            var json = ask("list", "transactions", "--json");

            assertThat(spoken.code()).isEqualTo(code);
            assertThat(spoken.err()).contains("ktm: because");
            assertThat(spoken.out()).isEmpty();
            assertThat(json.code()).isEqualTo(code);
            assertThat(json.err()).isEmpty();
            assertThat(json.json().at("/error/code").asText()).isEqualTo(error);
            assertThat(json.json().at("/error/message").asText()).isEqualTo("because");
            assertThat(channel.identity).isNotEmpty();
        }
    }

    @Test
    void whatIsNoAnswerIsAFailure() throws Exception {
        try (var channel = new FakeChannel(directory, "{]}")) {
            assertThat(ask("list", "transactions").code()).as(channel.identity).isEqualTo(ExitCode.NOT_FOUND.number());
        }
    }

    @Test
    void whoHangsUpIsNotReached() throws Exception {
        try (var channel = new FakeChannel(directory, "")) {
            var spoken = ask("list", "transactions");

            assertThat(spoken.code()).isEqualTo(ExitCode.NOT_FOUND.number());
            assertThat(spoken.err()).contains(channel.identity, "does not answer");
        }
    }

    @Test
    void whoDoesNotAnswerIsInNobodysWay() throws Exception {
        try (var site = new Site(directory.resolve("site"), directory);
                var silent = new FakeChannel(directory, "")) {
            var identity = site.ktm.manager().identity().toString();

            var listed = ask("list", "tms");
            var json = ask("list", "tms", "--json");
            var doctor = ask("doctor");
            var named = ask("list", "transactions", "--tm", "shop");
            var ofLog = Spoken.by("list", "tms", "--channels", directory.toString(), "--log", site.log.toString());

            assertThat(listed.code()).isEqualTo(ExitCode.NOT_FOUND.number());
            assertThat(listed.out()).contains(identity).doesNotContain(silent.identity);
            assertThat(listed.err()).contains(silent.identity, "does not answer");
            assertThat(json.json())
                    .singleElement()
                    .satisfies(row -> assertThat(row.path("identity").asText()).isEqualTo(identity));
            assertThat(doctor.code()).isEqualTo(ExitCode.WRONG.number());
            assertThat(doctor.out())
                    .contains("coordinator " + silent.identity, "does not answer")
                    .contains("coordinator " + identity + ": online", "log in " + site.log + ", contents: whole");
            assertThat(named.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(ofLog.out()).contains(identity, "online");
        }
    }

    @Test
    void aSocketThatWasLeftBehindIsNobody() throws Exception {
        FakeChannel.leaveBehind(directory);

        var listed = ask("list", "tms");
        var doctor = ask("doctor");

        assertThat(listed.code()).isEqualTo(ExitCode.NOT_FOUND.number());
        assertThat(listed.err()).contains("found none in " + directory, "--log DIR");
        assertThat(doctor.out()).contains("left behind by a coordinator that is gone");
    }

    @Test
    void whereNobodyListensNobodyIsFound() {
        var spoken = Spoken.by(
                "list", "tms", "--channels", directory.resolve("nowhere").toString());

        assertThat(spoken.code()).isEqualTo(ExitCode.NOT_FOUND.number());
    }

    @Test
    void theEnvironmentNamesTheDirectoryUnlessTheCommandLineDoes() throws Exception {
        try (var channel = new FakeChannel(directory, "{\"ok\":true,\"result\":[]}")) {
            var spoken = Spoken.run(
                    "", false, java.util.Map.of("KTM_CHANNELS", directory.toString()), "list", "transactions");

            assertThat(spoken.out()).as(channel.identity).startsWith("no transaction");
            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'', expected a command behind 'ktm'",
        "list, expected a command behind 'ktm list'",
        "list bananas, bananas",
        "show, Missing required parameter: 'TX'",
        "show 1 --tm 2 --log 3, 'expected --tm or --log, found both'",
        "watch --interval -1, expected an interval",
        "watch --interval NaN, expected an interval",
        "watch --count 0, expected a count",
        "log dump --payload loud, loud"
    })
    void whatMakesNoSenseIsRefused(String line, String message) {
        var spoken = Spoken.by(line.isEmpty() ? new String[0] : line.split(" "));

        assertThat(spoken.code()).isEqualTo(ExitCode.USAGE.number());
        assertThat(spoken.err()).contains(message);
        assertThat(spoken.out()).isEmpty();
    }
}
