package dev.ktm.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What a shell needs to complete commands. */
@Command(
        name = "completion",
        description = {
            "Print a script with which bash and zsh complete commands and options.",
            "",
            "Now:      source <(ktm completion)",
            "For good: ktm completion > /etc/bash_completion.d/ktm"
        })
final class CompletionCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Spec
    private @Nullable CommandSpec spec;

    CompletionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        var root = Objects.requireNonNull(spec, "picocli sets it").root().commandLine();
        terminal.out().print(AutoComplete.bash("ktm", root));
        return ExitCode.DONE.number();
    }
}
