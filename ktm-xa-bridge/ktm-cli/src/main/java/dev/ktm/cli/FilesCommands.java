package dev.ktm.cli;

import static dev.ktm.cli.Tables.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What transactions are doing with files. */
final class FilesCommands {

    private static final String AREA = "files";

    private FilesCommands() {}

    static CommandLine of(Terminal terminal) {
        return CommandTree.group(
                "files",
                "Show transacted files: their roots, and which transaction has locked what.",
                new Roots(terminal),
                new Locked(terminal),
                new Info(terminal));
    }

    @Command(
            name = "roots",
            description = {"Show the directories whose files take part in transactions, and what goes on there."})
    private static final class Roots implements Callable<Integer> {

        @Mixin
        private final Area area;

        Roots(Terminal terminal) {
            area = new Area(terminal, AREA);
        }

        @Override
        public Integer call() {
            var roots = area.ask("roots", new HashMap<>());
            if (area.json()) {
                area.report().json(roots);
            } else {
                var table = new Table("ROOT", "IN DOUBT", "DIRECTORY");
                roots.forEach(each ->
                        table.row(text(each, "name"), each.path("inDoubt").size(), text(each, "directory")));
                area.report().table(table, "no root");
            }
            return ExitCode.DONE.number();
        }
    }

    @Command(name = "locked", description = "Show which files transactions have changed, and nobody else may change.")
    private static final class Locked implements Callable<Integer> {

        @Parameters(
                index = "0",
                arity = "0..1",
                paramLabel = "TX",
                description = "only of this one: its unit of work or its id, or the beginning of one")
        private String transaction = "";

        @Mixin
        private final Area area;

        Locked(Terminal terminal) {
            area = new Area(terminal, AREA);
        }

        @Override
        public Integer call() {
            var values = new HashMap<String, String>();
            if (!transaction.isEmpty()) {
                values.put("id", transaction);
            }
            var locked = area.ask("locked", values);
            if (area.json()) {
                area.report().json(locked);
            } else {
                var table = new Table("ROOT", "UNIT OF WORK", "STATE", "FILE");
                locked.forEach(each -> each.path("files")
                        .forEach(file -> table.row(
                                text(each, "root"),
                                text(each, "unitOfWork"),
                                each.path("isInDoubt").asBoolean() ? "in doubt" : "at work",
                                fileOf(file))));
                area.report().table(table, "no file is locked");
            }
            return ExitCode.DONE.number();
        }

        private static String fileOf(JsonNode file) {
            return text(file, "name")
                    + (file.path("created").asBoolean() ? " (new)" : "")
                    + (file.path("deleted").asBoolean() ? " (deleted)" : "");
        }
    }

    @Command(
            name = "info",
            description = {
                "Show which transaction has locked a file.",
                "",
                "The file is named as it is in the file system, or, with --name, as it is below that root, with or without"
                        + " a slash in front."
            })
    private static final class Info implements Callable<Integer> {

        @Parameters(index = "0", paramLabel = "FILE", description = "the file")
        private String file = "";

        @Spec
        private @Nullable CommandSpec spec;

        @Mixin
        private final Area area;

        Info(Terminal terminal) {
            area = new Area(terminal, AREA);
        }

        @Override
        public Integer call() {
            var values = new HashMap<String, String>();
            values.put("path", path());
            var found = area.ask("fileinfo", values);
            if (area.json()) {
                area.report().json(found);
            } else {
                var table = new Table("ROOT", "FILE", "LOCKED", "PREPARED", "UNIT OF WORK");
                found.forEach(each -> table.row(
                        text(each, "root"),
                        text(each, "file"),
                        each.path("isLocked").asBoolean() ? "yes" : "no",
                        each.path("isPrepared").asBoolean() ? "yes" : "",
                        text(each, "unitOfWork")));
                area.report().table(table, "it is below no root of this application");
            }
            return (found.isEmpty() ? ExitCode.NOT_FOUND : ExitCode.DONE).number();
        }

        /** The application has a working directory of its own, so what is relative here means nothing there. */
        private String path() {
            if (file.startsWith("/")) {
                return file;
            }
            return hasRoot() ? "/" + file : Path.of(file).toAbsolutePath().toString();
        }

        private boolean hasRoot() {
            var parsed = Objects.requireNonNull(spec, "picocli sets it")
                    .commandLine()
                    .getParseResult();
            return !parsed.matchedOptionValue("--name", "").isEmpty();
        }
    }
}
