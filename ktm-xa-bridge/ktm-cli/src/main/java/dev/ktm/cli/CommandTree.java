package dev.ktm.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** All commands, and what happens when one fails. */
final class CommandTree {

    private static final int HELP_COLUMNS = 100;
    /** What Java makes of bytes that it cannot read. */
    private static final char UNREADABLE = '\uFFFD';

    private CommandTree() {}

    /** Runs a command and returns the number of its exit code. */
    static int run(Terminal terminal, String... arguments) {
        for (var argument : arguments) {
            if (argument.indexOf(UNREADABLE) >= 0) {
                var failure = ToolException.usage("expected arguments in the encoding of this locale, found \""
                        + argument + "\", which is in another one: set LC_ALL to one of UTF-8, as in LC_ALL=C.UTF-8");
                return tell(failure, terminal, isJson(arguments)).number();
            }
        }
        return of(terminal).execute(arguments);
    }

    static CommandLine of(Terminal terminal) {
        var root = new CommandLine(new RootCommand());
        root.addSubcommand(list(terminal));
        root.addSubcommand(new ShowCommand(terminal));
        root.addSubcommand(group(
                "resolve",
                "Give a transaction the outcome that was decided elsewhere, or stop waiting for one.",
                new ActCommand(terminal, Act.RESOLVE_COMMIT),
                new ActCommand(terminal, Act.RESOLVE_ROLLBACK),
                new CompleteCommand(terminal)));
        root.addSubcommand(group(
                "force",
                "Decide a transaction in doubt without knowing what its superior does. May be wrong.",
                new ActCommand(terminal, Act.FORCE_COMMIT),
                new ActCommand(terminal, Act.FORCE_ROLLBACK)));
        root.addSubcommand(group(
                "decide-last",
                "Decide in place of a last resource that is gone for good. May be wrong.",
                new ActCommand(terminal, Act.LAST_COMMIT),
                new ActCommand(terminal, Act.LAST_ROLLBACK)));
        root.addSubcommand(command(new ActCommand(terminal, Act.ROLLBACK)));
        root.addSubcommand(command(new ActCommand(terminal, Act.FORGET)));
        root.addSubcommand(new RecoverCommand(terminal));
        root.addSubcommand(new WatchCommand(terminal));
        root.addSubcommand(new ConsoleCommand(terminal));
        root.addSubcommand(new DoctorCommand(terminal));
        root.addSubcommand(group(
                "log",
                "Look into a log's files, open or not, and change nothing; or let the log of a coordinator grow.",
                new LogCommand(terminal, LogCommand.Kind.STAT),
                new LogCommand(terminal, LogCommand.Kind.VERIFY),
                new LogDumpCommand(terminal),
                new LogGrowCommand(terminal)));
        root.addSubcommand(RegistryCommands.of(terminal));
        root.addSubcommand(FilesCommands.of(terminal));
        root.addSubcommand(new CompletionCommand(terminal));
        root.addSubcommand(new CommandLine.HelpCommand());
        return configured(root, terminal);
    }

    private static CommandLine list(Terminal terminal) {
        return group(
                "list",
                "Show coordinators, transactions, and what belongs to them.",
                Stream.of(Listing.values())
                        .map(each -> new ListCommand(terminal, each))
                        .toArray());
    }

    static CommandLine group(String name, String description, Object... commands) {
        var group = new CommandLine(new GroupCommand());
        group.getCommandSpec().name(name).usageMessage().description(description);
        for (var each : commands) {
            group.addSubcommand(command(each));
        }
        return group;
    }

    /** A command that knows its own name, if it has several. */
    static CommandLine command(Object command) {
        if (command instanceof CommandLine line) {
            return line;
        }
        var line = new CommandLine(command);
        if (command instanceof Described described) {
            line.getCommandSpec()
                    .name(described.name())
                    .usageMessage()
                    .description(described.description().toArray(String[]::new));
        }
        return line;
    }

    /** A class that is several commands. */
    interface Described {
        String name();

        List<String> description();
    }

    private static CommandLine configured(CommandLine root, Terminal terminal) {
        var version =
                Objects.requireNonNullElse(CommandTree.class.getPackage().getImplementationVersion(), "unreleased");
        root.getCommandSpec().version("ktm " + version);
        root.getCommandSpec()
                .addOption(OptionSpec.builder("-V", "--version")
                        .versionHelp(true)
                        .description("the version of this tool")
                        .build());
        helpful(root);
        return root.setOut(StreamWriter.of(terminal.out()))
                .setErr(StreamWriter.of(terminal.err()))
                .setUsageHelpWidth(HELP_COLUMNS)
                .setCaseInsensitiveEnumValuesAllowed(true)
                // A value may begin with @: no file is meant.
                .setExpandAtFiles(false)
                .setColorScheme(CommandLine.Help.defaultColorScheme(terminal.coloured() ? Ansi.ON : Ansi.OFF))
                .setParameterExceptionHandler((e, words) -> usage(e, terminal, isJson(words)))
                .setExecutionExceptionHandler((e, line, parsed) -> failed(e, terminal, isJson(parsed)));
    }

    /** Whoever asks any command for help gets it, in the same form. */
    private static void helpful(CommandLine line) {
        if (line.getCommand() instanceof CommandLine.HelpCommand) {
            line.getCommandSpec().usageMessage().description("Show the help of a command.");
            return;
        }
        line.getCommandSpec()
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("this text")
                        .build());
        line.getCommandSpec()
                .usageMessage()
                .synopsisHeading("usage: ")
                .descriptionHeading("%n")
                .parameterListHeading("%nArguments:%n")
                .optionListHeading("%nOptions:%n")
                .sortSynopsis(false)
                .sortOptions(false);
        line.getSubcommands().values().forEach(CommandTree::helpful);
    }

    /** Before it is known what the words are. */
    private static boolean isJson(String... words) {
        return List.of(words).contains("--json");
    }

    private static int usage(ParameterException e, Terminal terminal, boolean json) {
        if (json) {
            return tell(ToolException.usage(String.valueOf(e.getMessage())), terminal, true)
                    .number();
        }
        terminal.err().println("ktm: " + Printable.line(String.valueOf(e.getMessage())));
        CommandLine.UnmatchedArgumentException.printSuggestions(e, StreamWriter.of(terminal.err()));
        terminal.err()
                .println(
                        "'" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help' tells what can be asked");
        return ExitCode.USAGE.number();
    }

    private static boolean isJson(CommandLine.ParseResult parsed) {
        var deepest = parsed;
        while (deepest.hasSubcommand()) {
            deepest = deepest.subcommand();
        }
        return deepest.matchedOptionValue("--json", false);
    }

    private static int failed(Exception e, Terminal terminal, boolean json) {
        var failure = e instanceof ToolException known
                ? known
                : ToolException.failed(
                        "this should not have happened, and nothing is known of why: " + e + " at "
                                + (e.getStackTrace().length == 0 ? "an unknown place" : e.getStackTrace()[0]),
                        e);
        return tell(failure, terminal, json).number();
    }

    private static ExitCode tell(ToolException failure, Terminal terminal, boolean json) {
        var message = String.valueOf(failure.getMessage());
        if (json) {
            var error = JsonNodeFactory.instance.objectNode();
            error.putObject("error").put("code", failure.error()).put("message", message);
            new Report(terminal).json(error);
        } else {
            terminal.err().println("ktm: " + Printable.line(message));
        }
        return failure.exitCode();
    }
}
