package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the commands that look into a log's files end when they cannot, or when it is damaged. */
class LogCommandTest {

    @TempDir
    private Path directory;

    private Spoken ask(String words, Path log, String... more) {
        var all = new ArrayList<>(List.of(("log " + words).split(" ")));
        all.add(log.toString());
        all.addAll(List.of(more));
        return Spoken.by(all.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({
        "stat, missing, NOT_FOUND, no such file or directory",
        "stat, '', NOT_FOUND, no log there",
        "verify, file, NOT_FOUND, not a directory",
        "dump --from zz, log, USAGE, expected an LSN",
        "dump --limit many, log, USAGE, expected a number",
        "dump --stream nosuch, log, USAGE, expected one of the streams",
        "dump --raw nosuch, log, NOT_FOUND, no such file"
    })
    void whatCannotBeDoneIsSaidAsEverywhere(String words, String place, String error, String message) throws Exception {
        Files.writeString(directory.resolve("file"), "x");
        new Site(directory).close();

        var spoken = ask(words, directory.resolve(place));
        var json = ask(words, directory.resolve(place), "--json");

        assertThat(spoken.code()).isEqualTo(ExitCode.of(error).number());
        assertThat(spoken.err()).startsWith("ktm: ").contains(message).doesNotContain("--help");
        assertThat(spoken.out()).isEmpty();
        assertThat(json.code()).isEqualTo(spoken.code());
        assertThat(json.err()).isEmpty();
        assertThat(json.json().at("/error/code").asText()).isEqualTo(error);
        assertThat("ktm: " + json.json().at("/error/message").asText() + System.lineSeparator())
                .isEqualTo(spoken.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"stat", "verify", "dump"})
    void aLogWhoseBaseLogFileIsDamagedIsDamaged(String command) throws Exception {
        new Site(directory).close();
        var log = directory.resolve("log");
        Files.writeString(log.resolve("ktm.blf"), "garbage");

        assertThat(ask(command, log).code()).isEqualTo(ExitCode.WRONG.number());
        assertThat(ask(command, log, "--json").code()).isEqualTo(ExitCode.WRONG.number());
    }

    @Test
    void aDamagedLogHasADocumentToo() throws Exception {
        new Site(directory).close();
        var log = directory.resolve("log");
        Files.delete(log.resolve("ktm.blf"));

        var stat = ask("stat", log, "--json");

        assertThat(stat.json().path("damaged").asBoolean()).isTrue();
        assertThat(stat.json().at("/findings/0/file").asText()).isEqualTo("ktm.blf");
        assertThat(stat.err()).isEmpty();
    }
}
