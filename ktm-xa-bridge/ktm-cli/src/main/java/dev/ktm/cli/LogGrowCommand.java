package dev.ktm.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Has a coordinator's log get more containers. */
@Command(
        name = "grow",
        description = {
            "Let the log of a running coordinator grow, while it is at work.",
            "",
            "It gets so many more containers of the size that it has, all of them or none, and keeps them over restarts. A"
                    + " transaction that holds the log goes on holding it: 'ktm doctor' tells which."
        })
final class LogGrowCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Option(
            names = "--containers",
            paramLabel = "N",
            defaultValue = "2",
            description = "how many, from 1 to 1000 (default: ${DEFAULT-VALUE})")
    private int containers;

    @Mixin
    private final Target target;

    LogGrowCommand(Terminal terminal) {
        this.terminal = terminal;
        this.target = new Target(terminal);
    }

    @Override
    public Integer call() {
        var source = target.one();
        ActCommand.requireRunning(source);
        var answer = source.ask("grow-log", Map.of("containers", String.valueOf(containers)));
        var report = new Report(terminal);
        if (target.json()) {
            report.json(answer);
        } else {
            var log = answer.path("log");
            report.line("The log has " + Words.bytes(log.path("capacityBytes").asLong()) + " now, "
                    + Words.percent(log.path("usedShare").asDouble()) + " of it used.");
        }
        return ExitCode.DONE.number();
    }
}
