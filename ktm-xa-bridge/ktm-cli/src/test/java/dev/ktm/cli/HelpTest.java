package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The help of every command is in a file of its own, so that it is read before it is shipped. */
class HelpTest {

    private static final Path EXPECTED = Path.of("src", "test", "resources", "dev", "ktm", "cli", "help.txt");
    private static final Path FOUND = Path.of("target", "help.txt");

    @Test
    void everyCommandsHelpIsAsItWasRead() throws Exception {
        var found = new StringBuilder();
        append(found, CommandTree.of(terminal()));

        Files.createDirectories(FOUND.getParent());
        Files.writeString(FOUND, found);

        assertThat(found.toString())
                .as("read " + FOUND + ", and copy it to " + EXPECTED + " if it reads well")
                .isEqualTo(Files.readString(EXPECTED));
    }

    private static Terminal terminal() {
        return new Terminal(
                new java.io.PrintStream(
                        java.io.OutputStream.nullOutputStream(), true, java.nio.charset.StandardCharsets.UTF_8),
                new java.io.PrintStream(
                        java.io.OutputStream.nullOutputStream(), true, java.nio.charset.StandardCharsets.UTF_8),
                new java.io.BufferedReader(new java.io.StringReader("")),
                false,
                java.util.Map.of());
    }

    private static void append(StringBuilder found, CommandLine command) {
        var name = command.getCommandSpec().qualifiedName();
        if (name.endsWith(" help")) {
            return;
        }
        var words = (name + " --help").substring("ktm ".length()).split(" ");
        var spoken = Spoken.by(words);
        assertThat(spoken.code()).as(name).isZero();
        assertThat(spoken.err()).as(name).isEmpty();
        found.append("$ ")
                .append(name)
                .append(" --help\n")
                .append(spoken.out().replace("\r", ""))
                .append('\n');
        command.getSubcommands().values().forEach(each -> append(found, each));
    }

    @Test
    void everyLineOfHelpFitsAScreen() throws Exception {
        assertThat(Files.readAllLines(EXPECTED))
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
    }

    @Test
    void theHelpNamesEveryExitCode() {
        var help = Spoken.by("--help").out();

        for (var code : ExitCode.values()) {
            assertThat(help).contains("  " + code.number() + "  " + code.meaning());
        }
    }

    @Test
    void aShellCanCompleteEveryCommand() {
        var script = Spoken.by("completion");

        assertThat(script.code()).isZero();
        assertThat(script.out()).contains("list", "transactions", "--json", "decide-last", "complete -F");
    }

    @Test
    void theVersionIsToldAndOnlyThat() {
        assertThat(Spoken.by("--version").out().lines()).hasSize(1).allMatch(line -> line.startsWith("ktm "));
    }
}
