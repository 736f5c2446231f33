package dev.ktm.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows all about one transaction. */
@Command(
        name = "show",
        description = {
            "Show all about one transaction.",
            "",
            "Its states with times, who takes part, each branch as its own database writes it, the last report, what its"
                    + " thread is doing, and what happens next."
        })
final class ShowCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Parameters(
            index = "0",
            paramLabel = "TX",
            description = "the transaction: its unit of work or its id, or the beginning of one")
    private String transaction = "";

    @Mixin
    private final Target target;

    ShowCommand(Terminal terminal) {
        this.terminal = terminal;
        this.target = new Target(terminal);
    }

    @Override
    public Integer call() {
        var found = target.find(transaction).transaction();
        var report = new Report(terminal);
        if (target.json()) {
            report.json(found);
        } else {
            report.lines(TransactionPage.of(found, terminal.coloured()));
        }
        return (Wrong.isTransaction(found) ? ExitCode.WRONG : ExitCode.DONE).number();
    }
}
