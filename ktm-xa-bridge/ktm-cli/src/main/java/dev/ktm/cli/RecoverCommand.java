package dev.ktm.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Has resource managers asked now. */
@Command(
        name = "recover",
        description = {
            "Ask every resource manager for its branches now, and finish what can be finished.",
            "",
            "The coordinator does so by itself at intervals. Harmless."
        })
final class RecoverCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Mixin
    private final Target target;

    RecoverCommand(Terminal terminal) {
        this.terminal = terminal;
        this.target = new Target(terminal);
    }

    @Override
    public Integer call() {
        var source = target.one();
        ActCommand.requireRunning(source);
        var answer = source.ask("recover-now");
        var report = new Report(terminal);
        if (target.json()) {
            report.json(answer);
        } else {
            report.line("Every resource manager was asked: 'ktm list rms' tells how it went.");
        }
        return ExitCode.DONE.number();
    }
}
