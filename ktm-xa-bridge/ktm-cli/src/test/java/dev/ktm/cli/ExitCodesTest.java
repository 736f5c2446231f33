package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
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
            site.prepareUnderSuperior("order-1");
            var shown = ask("show", site.onlyTransaction(), "--json");
            var unknown = ask("show", "ffffffff-0000");
            var ofLog = Spoken.by("list", "tms", "--channels", directory.toString(), "--log", site.log.toString());

            assertThat(listed.code()).isEqualTo(ExitCode.NOT_FOUND.number());
            assertThat(listed.out()).contains(identity).doesNotContain(silent.identity);
            assertThat(listed.err()).contains(silent.identity, "does not answer");
            assertThat(json.json())
                    .singleElement()
                    .satisfies(row -> assertThat(row.path("identity").asText()).isEqualTo(identity));
            assertThat(doctor.code()).isEqualTo(ExitCode.WRONG.number());
            assertThat(doctor.out())
                    .contains("channel " + silent.identity + ".sock: somebody listens and does not answer")
                    .contains("coordinator " + identity + ": online", "log in " + site.log + ", contents: whole");
            assertThat(shown.json().at("/isInDoubt").asBoolean()).isTrue();
            assertThat(unknown.err()).as("it may be there").contains(silent.identity, "does not answer");
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
        assertThat(doctor.out())
                .contains("left behind by a coordinator that is gone", "nobody listens", "--log DIR")
                .doesNotContain("All is well");
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
            var spoken = Spoken.run("", false, Map.of("KTM_CHANNELS", directory.toString()), "list", "transactions");

            assertThat(spoken.out()).as(channel.identity).startsWith("no transaction");
            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
        }
    }

    @Test
    void whatCannotBeReadIsNotTakenForSomethingElse() throws Exception {
        var spoken = Spoken.by("list", "tms", "--tm", "Gr\uFFFD\uFFFDe");
        var json = Spoken.by("list", "tms", "--tm", "\uFFFD", "--json");

        assertThat(spoken.code()).isEqualTo(ExitCode.USAGE.number());
        assertThat(spoken.err()).contains("LC_ALL=C.UTF-8");
        assertThat(json.code()).isEqualTo(ExitCode.USAGE.number());
        assertThat(json.json().at("/error/code").asText()).isEqualTo("USAGE");
    }

    @Test
    void aValueMayBeginWithAnAt() {
        var file = directory.resolve("file");

        var spoken = ask("list", "tms", "--tm", "@" + file);

        assertThat(spoken.err()).contains("\"@" + file + "\"");
    }

    @Test
    void whatMakesNoSenseIsADocumentIfOneIsWanted() throws Exception {
        for (var line : List.of("show --json", "list tms --bogus --json", "watch --interval abc --json")) {
            var spoken = Spoken.by(line.split(" "));

            assertThat(spoken.code()).as(line).isEqualTo(ExitCode.USAGE.number());
            assertThat(spoken.json().at("/error/code").asText()).as(line).isEqualTo("USAGE");
            assertThat(spoken.err()).as(line).isEmpty();
        }
    }

    @Test
    void aDocumentHasNoQuestionsInIt() throws Exception {
        try (var site = new Site(directory.resolve("site"), directory)) {
            site.prepareUnderSuperior("order-1");
            var unit = site.onlyTransaction();

            var spoken = site.askAnswering("why\nyes\n", "resolve", "commit", unit, "--json");

            assertThat(spoken.code()).isEqualTo(ExitCode.USAGE.number());
            assertThat(spoken.json().at("/error/message").asText()).contains("--yes and --reason TEXT with --json");
            assertThat(site.onlyTransaction()).isEqualTo(unit);
        }
    }

    @Test
    void documentsAreInUtf8WhateverTheTerminalIsIn() {
        var out = new ByteArrayOutputStream();
        var terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.US_ASCII),
                System.err,
                new BufferedReader(new StringReader("")),
                false,
                Map.of());

        new Report(terminal).json(JsonNodeFactory.instance.textNode("für"));
        new Report(terminal).text("漢");

        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("\"für\"\n漢");
    }

    @Test
    void anAnswerThatCouldNotBeWrittenIsAFailure() {
        assertThat(codeAfter("No space left on device")).isEqualTo(ExitCode.FAILED.number());
        assertThat(codeAfter("Broken pipe")).isEqualTo(ExitCode.WRONG.number());
    }

    private static int codeAfter(String trouble) {
        var output = new StandardOutput(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(trouble);
            }
        });
        var err = new ByteArrayOutputStream();
        var terminal = new Terminal(
                new PrintStream(output, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new BufferedReader(new StringReader("")),
                false,
                Map.of());
        terminal.out().println("an answer");
        return KtmTool.written(output, terminal, ExitCode.WRONG.number());
    }

    @Test
    void aDirectoryWithoutALogIsNotSaidToBeMissing() throws Exception {
        var empty = Files.createDirectory(directory.resolve("empty"));

        assertThat(Spoken.by("list", "tms", "--log", empty.toString()).err())
                .contains("expected a log in " + empty + ", found none there: ");
        assertThat(Spoken.by("list", "tms", "--log", empty + "/no").err()).contains("found no such directory");
    }

    @Test
    void aLogIsReadAlsoWhereChannelsCannotBeLookedAt() throws Exception {
        Path log;
        try (var site = new Site(directory.resolve("site"))) {
            log = site.log;
        }
        var open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));

        var listed = Spoken.by("list", "tms", "--log", log.toString(), "--channels", open.toString());
        var doctor = Spoken.by("doctor", "--log", log.toString(), "--channels", open.toString());

        assertThat(listed.code()).isEqualTo(ExitCode.DONE.number());
        assertThat(listed.out()).contains(log.toString());
        assertThat(listed.err()).contains(open.toString());
        assertThat(doctor.code()).isEqualTo(ExitCode.DONE.number());
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
