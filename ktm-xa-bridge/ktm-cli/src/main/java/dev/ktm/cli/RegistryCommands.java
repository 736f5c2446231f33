package dev.ktm.cli;

import static dev.ktm.cli.Tables.text;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Keys and values of a registry, outside of the application's transactions. */
final class RegistryCommands {

    private static final String AREA = "registry";

    private RegistryCommands() {}

    static CommandLine of(Terminal terminal) {
        return CommandTree.group(
                "reg",
                "Look into a registry, and change it, outside of the application's transactions.",
                new Query(terminal),
                new Add(terminal),
                new Delete(terminal),
                new Import(terminal),
                new Export(terminal));
    }

    private static Map<String, String> values(String name, String value) {
        var values = new HashMap<String, String>();
        if (!value.isEmpty()) {
            values.put(name, value);
        }
        return values;
    }

    @Command(name = "query", description = "Show a key: its values and its subkeys. Without PATH: the root.")
    private static final class Query implements Callable<Integer> {

        @Parameters(index = "0", arity = "0..1", paramLabel = "PATH", description = "the key, as in App\\Mail")
        private String path = "";

        @Mixin
        private final Area area;

        Query(Terminal terminal) {
            area = new Area(terminal, AREA);
        }

        @Override
        public Integer call() {
            var key = area.ask("query", values("path", path));
            var report = area.report();
            if (area.json()) {
                report.json(key);
                return ExitCode.DONE.number();
            }
            report.line(report.styled(text(key, "path").isEmpty() ? "the root" : text(key, "path"), Style.HEADER)
                    + "  last written " + Words.time(text(key, "lastWriteTime"))
                    + (key.path("isVolatile").asBoolean() ? ", volatile" : ""));
            var values = new Table("VALUE", "TYPE", "DATA");
            key.path("values")
                    .forEach(each -> values.row(
                            text(each, "name").isEmpty() ? "(default)" : text(each, "name"),
                            text(each, "type"),
                            text(each, each.hasNonNull("text") ? "text" : "data")));
            report.table(values, "no value");
            var subkeys = new Table("SUBKEY");
            key.path("subkeys").forEach(each -> subkeys.row(each.asText()));
            report.table(subkeys, "no subkey");
            return ExitCode.DONE.number();
        }
    }

    @Command(
            name = "add",
            description = {
                "Make a key, set a value, or both.",
                "",
                "Durable when it returns. A key that is there stays."
            })
    private static final class Add implements Callable<Integer> {

        @Parameters(index = "0", paramLabel = "PATH", description = "the key, as in App\\Mail")
        private String path = "";

        @Option(names = "--value", paramLabel = "NAME", description = "the value; the key's default one unless given")
        private @Nullable String value;

        @Option(
                names = "--type",
                paramLabel = "TYPE",
                description = "SZ (unless given), EXPAND_SZ, MULTI_SZ, DWORD, QWORD or BINARY")
        private @Nullable String type;

        @Option(
                names = "--data",
                paramLabel = "DATA",
                description = "a text; a number, also as in 0x1F; lines for MULTI_SZ; digits as in 00FF for BINARY")
        private @Nullable String data;

        @Mixin
        private final Area area;

        Add(Terminal terminal) {
            area = new Area(terminal, AREA);
        }

        @Override
        public Integer call() {
            var given = data;
            if (given == null && (value != null || type != null)) {
                throw ToolException.usage("expected --data with --value and --type, found none");
            }
            var values = values("path", path);
            if (given != null) {
                values.put("data", given);
                values.put("value", value == null ? "" : value);
                values.put("type", type == null ? "SZ" : type);
            }
            var answer = area.ask("add", values);
            if (area.json()) {
                area.report().json(answer);
            } else {
                area.report()
                        .line((answer.path("isCreated").asBoolean() ? "The key was made" : "The key was there")
                                + (given == null ? "." : ", and the value is set."));
            }
            return ExitCode.DONE.number();
        }
    }

    @Command(name = "delete", description = "Delete a key, or with --value one of its values.")
    private static final class Delete implements Callable<Integer> {

        @Parameters(index = "0", paramLabel = "PATH", description = "the key, as in App\\Mail")
        private String path = "";

        @Option(names = "--value", paramLabel = "NAME", description = "only this value; \"\" is the default one")
        private @Nullable String value;

        @Option(names = "--tree", description = "the key with all that is below it")
        private boolean tree;

        @Option(names = "--yes", description = "do it without asking")
        private boolean yes;

        @Mixin
        private final Area area;

        Delete(Terminal terminal) {
            area = new Area(terminal, AREA);
        }

        @Override
        public Integer call() {
            var values = values("path", path);
            var named = value;
            if (named != null && tree) {
                throw ToolException.usage("expected --value or --tree, found both: give one");
            }
            if (named != null) {
                values.put("value", named);
            }
            if (tree) {
                values.put("tree", "true");
            }
            area.require(
                    yes,
                    named != null
                            ? "delete the value \"" + named + "\" of " + path
                            : "delete the key " + path + (tree ? " and all below it" : ""));
            var answer = area.ask("delete", values);
            if (area.json()) {
                area.report().json(answer);
            } else {
                area.report().line("Deleted.");
            }
            return ExitCode.DONE.number();
        }
    }

    @Command(
            name = "import",
            description = {
                "Make the changes that a .reg file says.",
                "",
                "All of them or none. The file is UTF-8, at most 15 MiB; 'ktm reg export' writes one."
            })
    private static final class Import implements Callable<Integer> {

        private static final long MOST_BYTES = 15L * 1024 * 1024;

        @Parameters(index = "0", paramLabel = "FILE", description = "the file")
        private Path file = Path.of("");

        @Option(names = "--prefix", paramLabel = "PATH", description = "what its keys begin with and these here do not")
        private String prefix = "";

        @Option(names = "--yes", description = "do it without asking")
        private boolean yes;

        @Mixin
        private final Area area;

        Import(Terminal terminal) {
            area = new Area(terminal, AREA);
        }

        @Override
        public Integer call() {
            var values = values("prefix", prefix);
            values.put("text", read());
            area.require(yes, "make the changes that " + file + " says");
            var answer = area.ask("import", values);
            if (area.json()) {
                area.report().json(answer);
            } else {
                area.report().line("Imported " + file + ".");
            }
            return ExitCode.DONE.number();
        }

        private String read() {
            if (!Permission.isThere(file)) {
                throw ToolException.notFound("expected a .reg file, found no " + file);
            }
            try {
                if (Files.size(file) > MOST_BYTES) {
                    throw ToolException.usage("expected a file of at most " + MOST_BYTES + " bytes, found "
                            + Files.size(file) + ": import it in parts");
                }
                return Files.readString(file);
            } catch (CharacterCodingException e) {
                throw ToolException.usage(
                        "expected " + file + " in UTF-8, found something else: convert it with iconv");
            } catch (IOException e) {
                throw ToolException.failed("cannot read " + file + ": " + e, e);
            }
        }
    }

    @Command(
            name = "export",
            description = {
                "Write a key, and all that is below it, as a .reg file.",
                "",
                "To standard output unless told."
            })
    private static final class Export implements Callable<Integer> {

        @Parameters(
                index = "0",
                paramLabel = "PATH",
                description = "the key, as in App\\Mail; \"\" is the root, which needs --prefix")
        private String path = "";

        @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "the file, which must not be there")
        private @Nullable Path file;

        @Option(names = "--prefix", paramLabel = "PATH", description = "what its keys shall begin with")
        private String prefix = "";

        @Mixin
        private final Area area;

        Export(Terminal terminal) {
            area = new Area(terminal, AREA);
        }

        @Override
        public Integer call() {
            if (path.isBlank() && prefix.isEmpty()) {
                throw ToolException.usage(
                        "expected --prefix with the root, found none: every key of a .reg file needs a"
                                + " name, and the root has none");
            }
            var values = values("path", path);
            values.putAll(values("prefix", prefix));
            var answer = area.ask("export", values);
            var target = file;
            if (target == null) {
                if (area.json()) {
                    area.report().json(answer);
                } else {
                    area.report().text(text(answer, "text"));
                }
                return ExitCode.DONE.number();
            }
            try {
                Files.writeString(target, text(answer, "text"), StandardOpenOption.CREATE_NEW);
            } catch (FileAlreadyExistsException e) {
                throw ToolException.refused(
                        "expected a new file, found that " + target + " is there: name another one");
            } catch (IOException e) {
                throw ToolException.failed("cannot write " + target + ": " + e, e);
            }
            if (area.json()) {
                area.report()
                        .json(JsonNodeFactory.instance
                                .objectNode()
                                .put("path", path)
                                .put("file", target.toString()));
            } else {
                area.report().line("Exported to " + target + ".");
            }
            return ExitCode.DONE.number();
        }
    }
}
