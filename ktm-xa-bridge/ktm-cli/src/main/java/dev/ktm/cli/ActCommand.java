package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ktm.rm.TransactionState;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows what it would do with a transaction, asks, and has it done. */
@Command
final class ActCommand implements Callable<Integer>, CommandTree.Described {

    private static final String GONE = "it has ended, and is not known any more.";

    private final Terminal terminal;
    private final Act act;

    @Parameters(
            index = "0",
            paramLabel = "TX",
            description = "the transaction: its unit of work or its id, or the beginning of one")
    private String transaction = "";

    @Mixin
    private final Consent consent = new Consent();

    @Mixin
    private final Target target;

    ActCommand(Terminal terminal, Act act) {
        this.terminal = terminal;
        this.act = act;
        this.target = new Target(terminal);
    }

    @Override
    public String name() {
        return act.word();
    }

    @Override
    public List<String> description() {
        return act.description();
    }

    @Override
    public Integer call() {
        var found = target.find(transaction);
        var unitOfWork = found.transaction().path("unitOfWork").asText();
        if (!target.json()) {
            announce(terminal, found.transaction(), act.effect());
        }
        requireRunning(found.source());
        var why = consent.require(terminal, target.json());
        var answer = found.source().ask(act.verb(), Consent.values(unitOfWork, why));
        tell(answer, found.source(), unitOfWork);
        return ExitCode.DONE.number();
    }

    /** Before anybody is asked: a stopped one cannot do it anyway. */
    static void requireRunning(Source source) {
        if (!source.isRunning()) {
            throw ToolException.refused("expected a running coordinator, found only the log of " + source.identity()
                    + ", which is never written by this tool: start its application, and ask again");
        }
    }

    static void announce(Terminal terminal, JsonNode transaction, String effect) {
        var report = new Report(terminal);
        report.lines(TransactionPage.summary(transaction, terminal.coloured()));
        report.line("");
        report.line(report.styled("This will " + effect + ".", Style.WARNING));
    }

    private void tell(JsonNode answer, Source source, String unitOfWork) {
        var report = new Report(terminal);
        if (target.json()) {
            report.json(answer);
            return;
        }
        report.line("Done, and recorded: 'ktm list acts' shows it.");
        report.line("Now: " + afterwards(source, unitOfWork));
    }

    private static String afterwards(Source source, String unitOfWork) {
        try {
            var now = Target.find(List.of(source), unitOfWork).transaction();
            boolean isLive =
                    now.hasNonNull("state") && !now.path("state").asText().equals(TransactionState.FORGOTTEN.name());
            if (isLive) {
                return Words.of(now.path("state").asText()) + "; "
                        + Printable.line(now.path("nextStep").asText()) + ".";
            }
            return now.path("damage").isEmpty()
                    ? GONE
                    : "it has ended, and is kept as damaged until you forget it: 'ktm list damaged'.";
        } catch (ToolException e) {
            // It has ended, which is what was wanted.
            return GONE;
        }
    }
}
