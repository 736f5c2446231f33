package dev.ktm.cli;

import dev.ktm.log.tool.LogTool;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What the log's own tool says of a log. */
@Command
final class LogCommand implements Callable<Integer>, CommandTree.Described {

    /** What is asked. */
    enum Kind {
        STAT("stat", "Show what a log is, who has it open, how its space is used and who holds it."),
        VERIFY("verify", "Check every file, every frame and every record of a log. Takes as long as reading it.");

        private final String word;
        private final String description;

        Kind(String word, String description) {
            this.word = word;
            this.description = description;
        }
    }

    private final Terminal terminal;
    private final Kind kind;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "DIR",
            description = "the directory of the log; not needed for the log of a running coordinator")
    private @Nullable Path directory;

    @Mixin
    private final Target target;

    LogCommand(Terminal terminal, Kind kind) {
        this.terminal = terminal;
        this.kind = kind;
        this.target = new Target(terminal);
    }

    @Override
    public String name() {
        return kind.word;
    }

    @Override
    public List<String> description() {
        return List.of(kind.description);
    }

    @Override
    public Integer call() {
        return run(terminal, target, directory, kind.word, List.of());
    }

    static int run(Terminal terminal, Target target, @Nullable Path directory, String word, List<String> options) {
        var path = directory == null ? logOf(target) : directory;
        Permission.requireLog(path);
        var words = new ArrayList<>(List.of(word, path.toString()));
        words.addAll(options);
        if (target.json()) {
            words.add("--json");
        }
        try {
            // Documents are in UTF-8, whatever the terminal is in.
            var out = target.json() ? new PrintStream(terminal.out(), true, StandardCharsets.UTF_8) : terminal.out();
            return LogTool.answer(words.toArray(String[]::new), out, terminal.err());
        } catch (IllegalArgumentException e) {
            throw ToolException.usage(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw explain(e, path);
        }
    }

    private static ToolException explain(IOException e, Path directory) {
        var message = LogTool.explain(e, directory.toString());
        if (e instanceof NoSuchFileException || e instanceof NotDirectoryException) {
            return ToolException.notFound(message);
        }
        return e instanceof AccessDeniedException
                ? ToolException.notAllowed(message)
                : ToolException.failed(message, e);
    }

    private static Path logOf(Target target) {
        var named = target.log();
        if (named != null) {
            return named;
        }
        var source = target.one();
        var path = source.ask("manager").path("logPath").asText();
        if (path.isEmpty()) {
            throw ToolException.notFound("expected a coordinator with a log, found " + source.identity()
                    + ", which keeps none: give the directory of a log");
        }
        return Path.of(path);
    }
}
