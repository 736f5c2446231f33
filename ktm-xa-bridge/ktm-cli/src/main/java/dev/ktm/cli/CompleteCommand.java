package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Stops waiting for a participant. */
@Command(
        name = "complete",
        description = {
            "Stop waiting for a participant that was told the outcome and will never answer.",
            "",
            "The transaction ends without it, when it was the last that was waited for. What the participant has really done"
                    + " is then yours to see to."
        })
final class CompleteCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Parameters(
            index = "0",
            paramLabel = "TX",
            description = "the transaction: its unit of work or its id, or the beginning of one")
    private String transaction = "";

    @Parameters(
            index = "1",
            paramLabel = "ENLISTMENT",
            description = "the participant: its id as 'ktm show TX' has it, or the beginning of it")
    private String enlistment = "";

    @Mixin
    private final Consent consent = new Consent();

    @Mixin
    private final Target target;

    CompleteCommand(Terminal terminal) {
        this.terminal = terminal;
        this.target = new Target(terminal);
    }

    @Override
    public Integer call() {
        var found = target.find(transaction);
        var participant = participant(found.transaction());
        var id = participant.path("id").asText();
        if (!target.json()) {
            ActCommand.announce(
                    terminal,
                    found.transaction(),
                    "stop waiting for " + participant.path("resourceManager").asText() + ", enlistment " + id);
        }
        ActCommand.requireRunning(found.source());
        var why = consent.require(terminal, target.json());
        var values = new HashMap<>(
                Consent.values(found.transaction().path("unitOfWork").asText(), why));
        values.put("enlistment", id);
        var answer = found.source().ask("complete", values);
        var report = new Report(terminal);
        if (target.json()) {
            report.json(answer);
        } else {
            report.line("Done, and recorded: 'ktm list acts' shows it.");
        }
        return ExitCode.DONE.number();
    }

    private JsonNode participant(JsonNode found) {
        var all = found.path("participants");
        var matching = StreamSupport.stream(all.spliterator(), false)
                .filter(each -> each.path("id").asText().startsWith(enlistment.toLowerCase(Locale.ROOT)))
                .toList();
        if (matching.isEmpty()) {
            throw ToolException.notFound("expected a participant whose id begins with \"" + enlistment
                    + "\", found none among " + all.size() + ": 'ktm show " + transaction + "' shows them");
        }
        if (matching.size() > 1) {
            throw ToolException.usage("expected one participant, found " + matching.size() + " whose ids begin with \""
                    + enlistment + "\": give more of it");
        }
        return matching.get(0);
    }
}
