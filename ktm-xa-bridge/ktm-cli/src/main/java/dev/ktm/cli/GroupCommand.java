package dev.ktm.cli;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A word that needs another one behind it. */
@Command(commandListHeading = "%nCommands:%n", synopsisSubcommandLabel = "COMMAND")
final class GroupCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        requireCommand(spec);
    }

    static void requireCommand(@Nullable CommandSpec spec) {
        var found = Objects.requireNonNull(spec, "picocli sets it");
        throw new ParameterException(
                found.commandLine(),
                "expected a command behind '" + found.qualifiedName() + "': one of "
                        + String.join(
                                ", ",
                                found.subcommands().keySet().stream()
                                        .filter(each -> !each.equals("help"))
                                        .toList()));
    }
}
