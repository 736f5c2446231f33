package dev.ktm.foreign;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.foreign.ForeignManager.Kind;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files and the registry do what Narayana and Atomikos decide, together with a database, over a crash. */
@Tag("slow")
class ForeignManagersTest {

    private static final Path GUIDE = Path.of("..", "ktm-xa-bridge", "docs", "foreign-managers.md");

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    @Conforms("JTA-16")
    void theyDecideAndFinishTheirDecisionsAfterACrash(Kind kind) throws Exception {
        assertThat(live(kind, "first", Life.DIED))
                .containsExactly(
                        "seen by others before the commit: nothing",
                        "committed: file registry database",
                        "rolled back: nothing",
                        "a plain write after the rollback: done",
                        "the commit that somebody refuses: is rolled back",
                        "refused: nothing",
                        "a plain write after the refusal: done",
                        "alone: file registry",
                        "each enlisted: " + eachEnlisted(kind),
                        "seen while it is suspended: nothing",
                        "on the thread while it is suspended: " + whileSuspended(kind),
                        "suspended: file registry database",
                        "on the thread once that has left it: none",
                        "meanwhile: file registry database",
                        "interrupted: file registry",
                        "in doubt: 0",
                        "a plain write while it is prepared: TRANSACTIONAL_CONFLICT");

        // The two branches of one transaction, and one each of two others.
        assertThat(live(kind, "second", 0))
                .containsExactly(
                        "in doubt: 4",
                        "a plain write before recovery: TRANSACTIONAL_CONFLICT",
                        "committed: file registry database",
                        "rolled back: nothing",
                        "refused: nothing",
                        "alone: file registry",
                        "each enlisted: " + (kind == Kind.ATOMIKOS ? "nothing" : "file registry"),
                        "suspended: file registry database",
                        "meanwhile: file registry database",
                        "interrupted: file registry",
                        "after the vote: nothing",
                        "before the commit: file registry database",
                        "after the commit: file registry database",
                        "a plain write after recovery: done");
    }

    /** Atomikos wants one resource of each resource manager in a transaction. */
    private static String eachEnlisted(Kind kind) {
        return switch (kind) {
            case NARAYANA -> "file registry";
            case ATOMIKOS -> "refused";
        };
    }

    /** Narayana does not tell resources of it. */
    private static String whileSuspended(Kind kind) {
        return switch (kind) {
            case NARAYANA -> "the transaction";
            case ATOMIKOS -> "none";
        };
    }

    private List<String> live(Kind kind, String life, int status) throws IOException, InterruptedException {
        var errors = directory.resolve("errors");
        var output = directory.resolve("output");
        var process = new ProcessBuilder(JavaCommand.of(List.of(), Life.class.getName(), directory, kind, life))
                .redirectError(errors.toFile())
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(errors)).isEqualTo(status);
        // Atomikos says on the same stream that it misses a logging library.
        return Files.readAllLines(output).stream()
                .filter(line -> line.contains(": "))
                .toList();
    }

    @Test
    void theGuideShowsTheCodeAsItIs() throws IOException {
        var guide = Files.readString(GUIDE, UTF_8);
        for (var name : List.of("Life", "Narayana", "Atomikos")) {
            var source = Files.readString(Path.of("src/test/java/dev/ktm/foreign", name + ".java"), UTF_8);
            var parts = Pattern.compile(" +// guide\\n(.*?) +// end of guide\\n", Pattern.DOTALL)
                    .matcher(source)
                    .results()
                    .toList();
            assertThat(parts).as(name).isNotEmpty();
            assertThat(parts)
                    .allSatisfy(part -> assertThat(guide)
                            .contains(part.group(1).stripTrailing().stripIndent()));
        }
    }
}
