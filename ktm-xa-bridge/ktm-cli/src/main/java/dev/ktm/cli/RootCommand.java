package dev.ktm.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ktm} itself. */
@Command(
        name = "ktm",
        description = {"Looks at KTM coordinators, running or stopped, and ends what they cannot end alone."},
        commandListHeading = "%nCommands:%n",
        footer = {
            "",
            "Exit codes:",
            "  0  done, and nothing is wrong",
            "  1  done, and something is wrong: in doubt, damaged, not reachable, or a fault that doctor found",
            "  2  wrong usage",
            "  3  nothing there, or it cannot be reached",
            "  4  refused: the state does not allow it, or you said no",
            "  5  not allowed: you are neither the user that it runs as nor root",
            "  6  failed",
            "",
            "Begin with 'ktm doctor' if something is wrong, 'ktm list transactions' if something waits."
        })
final class RootCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        GroupCommand.requireCommand(spec);
    }
}
