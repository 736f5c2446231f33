package dev.ktm.cli;

import static dev.ktm.cli.Tables.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Tells where the console page is. */
@Command(
        name = "console",
        description = {
            "Tell the link of the console page, if the application shows one.",
            "",
            "The link has a secret in it: whoever has it sees what this tool shows. A page with a port of its own",
            "answers on this machine only; from elsewhere, open a tunnel, and use its port in the link."
        })
final class ConsoleCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Option(names = "--name", paramLabel = "NAME", description = "which one, if the application has several")
    private String name = "";

    @Mixin
    private final Target target;

    ConsoleCommand(Terminal terminal) {
        this.terminal = terminal;
        this.target = new Target(terminal);
    }

    @Override
    public Integer call() {
        var source = target.one();
        ActCommand.requireRunning(source);
        var consoles = source.ask("verbs").at("/areas/console");
        if (consoles.isEmpty()) {
            throw ToolException.notFound("expected a console page of " + source.identity() + ", found none: set"
                    + " ktm.console.enabled=true in Spring Boot, or open a dev.ktm.console.ConsoleServer");
        }
        var report = new Report(terminal);
        if (name.isEmpty() && consoles.size() > 1) {
            return all(source, consoles, report);
        }
        var answer = source.ask("console.link", name.isEmpty() ? Map.of() : Map.of("name", name));
        var link = text(answer, "link");
        if (link.isEmpty()) {
            throw ToolException.notFound(
                    "expected to be told where the console page is, found that its host has not said"
                            + " so: look where the application mounts it");
        }
        if (target.json()) {
            report.json(answer);
            return ExitCode.DONE.number();
        }
        report.line(Printable.line(link));
        if (answer.path("acting").asBoolean()) {
            report.line(report.styled("Whoever has this link may also act.", Style.WARNING));
        }
        return ExitCode.DONE.number();
    }

    private int all(Source source, JsonNode consoles, Report report) {
        var links = JsonNodeFactory.instance.arrayNode();
        var table = new Table("NAME", "MAY ACT", "LINK");
        for (var each : consoles) {
            var answer = source.ask("console.link", Map.of("name", each.asText()));
            links.addObject()
                    .put("name", each.asText())
                    .put("link", text(answer, "link"))
                    .put("acting", answer.path("acting").asBoolean());
            table.row(each.asText(), answer.path("acting").asBoolean() ? "yes" : "no", text(answer, "link"));
        }
        if (target.json()) {
            report.json(links);
        } else {
            report.table(table, "no console");
        }
        return ExitCode.DONE.number();
    }
}
