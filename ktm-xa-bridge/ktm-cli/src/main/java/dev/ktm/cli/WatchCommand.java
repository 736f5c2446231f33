package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows coordinators and their transactions again and again. */
@Command(
        name = "watch",
        description = {
            "Show coordinators and their transactions, again and again.",
            "",
            "Until you stop it with Ctrl-C. Redraws on a terminal. Elsewhere it prints one line for each coordinator each time; with --json, one document."
        })
final class WatchCommand implements Callable<Integer> {

    private static final String CLEAR = "\u001B[H\u001B[2J";
    private static final double LONGEST_INTERVAL_SECONDS = 86_400;

    private final Terminal terminal;

    @Option(names = "--interval", paramLabel = "SECONDS", description = "how long to wait in between; 2 unless given")
    private double interval = 2;

    @Option(names = "--count", paramLabel = "N", description = "stop after so many times")
    private long count = Long.MAX_VALUE;

    @Mixin
    private final Target target;

    WatchCommand(Terminal terminal) {
        this.terminal = terminal;
        this.target = new Target(terminal);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (!(interval >= 0 && interval <= LONGEST_INTERVAL_SECONDS)) {
            throw ToolException.usage("expected an interval of 0 seconds to a day, found " + interval);
        }
        if (count < 1) {
            throw ToolException.usage("expected a count from 1 on, found " + count);
        }
        var pause = Duration.ofNanos((long) (interval * Duration.ofSeconds(1).toNanos()));
        for (long done = 1; ; done++) {
            look();
            if (done >= count || terminal.out().checkError()) {
                return ExitCode.DONE.number();
            }
            Thread.sleep(pause.toMillis());
        }
    }

    private void look() {
        List<Source> sources;
        try {
            sources = target.all();
        } catch (ToolException e) {
            if (e.exitCode() != ExitCode.NOT_FOUND) {
                throw e;
            }
            // It may be starting again: whoever watches wants to see that.
            sources = List.of();
        }
        if (target.json()) {
            json(sources);
        } else if (terminal.interactive()) {
            redraw(sources);
        } else {
            lines(sources);
        }
    }

    private static JsonNode askOrNothing(Source source, String verb) {
        try {
            return source.ask(verb);
        } catch (ToolException e) {
            return JsonNodeFactory.instance.missingNode();
        }
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private void json(List<Source> sources) {
        var document = JsonNodeFactory.instance.objectNode().put("when", now());
        var managers = document.putArray("managers");
        for (var source : sources) {
            var manager = askOrNothing(source, "manager");
            if (manager.isObject()) {
                var transactions = askOrNothing(source, "transactions");
                managers.addObject()
                        .<com.fasterxml.jackson.databind.node.ObjectNode>set("manager", manager)
                        .set(
                                "transactions",
                                transactions.isArray() ? transactions : JsonNodeFactory.instance.arrayNode());
            }
        }
        new Report(terminal).jsonLine(document);
    }

    private void redraw(List<Source> sources) {
        var report = new Report(terminal);
        var lines = new ArrayList<String>();
        lines.add(report.styled(now() + "  Ctrl-C ends this", Style.FAINT));
        lines.add("");
        var managers = new ArrayList<JsonNode>();
        var transactions = new ArrayList<JsonNode>();
        for (var source : sources) {
            var manager = askOrNothing(source, "manager");
            if (manager.isObject()) {
                managers.add(manager);
                askOrNothing(source, "transactions").forEach(transactions::add);
            }
        }
        var managerTable = Tables.of(Listing.TMS, managers, false);
        lines.addAll(managerTable.isEmpty() ? List.of("no coordinator") : managerTable.lines(terminal.coloured()));
        lines.add("");
        var table = Tables.of(Listing.TRANSACTIONS, transactions, managers.size() > 1);
        lines.addAll(table.isEmpty() ? List.of("no transaction") : table.lines(terminal.coloured()));
        terminal.out().print(CLEAR);
        report.lines(lines);
        terminal.out().flush();
    }

    private void lines(List<Source> sources) {
        var report = new Report(terminal);
        if (sources.isEmpty()) {
            report.line(now() + "  no coordinator");
        }
        for (var source : sources) {
            var manager = askOrNothing(source, "manager");
            if (!manager.isObject()) {
                report.line(now() + "  " + source.identity() + "  does not answer");
                continue;
            }
            var transactions = askOrNothing(source, "transactions");
            long doubtful = StreamSupport.stream(transactions.spliterator(), false)
                    .filter(Wrong::isInDoubt)
                    .count();
            report.line(now() + "  " + source.identity() + "  "
                    + Tables.condition(manager) + "  live "
                    + manager.path("live").asLong() + "  in doubt " + doubtful + "  unfinished "
                    + manager.path("unfinished").asLong() + "  damaged "
                    + manager.path("damaged").asLong() + "  log "
                    + Words.percent(manager.path("log").path("usedShare").asDouble()));
        }
        terminal.out().flush();
    }
}
