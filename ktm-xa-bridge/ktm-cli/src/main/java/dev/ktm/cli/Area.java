package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Who works beside a coordinator and answers for himself: a registry, or roots of files. The options of its commands. */
final class Area {

    private final Terminal terminal;
    private final String area;

    @Option(names = "--name", paramLabel = "NAME", description = "which one, if the application has several")
    private String name = "";

    @Mixin
    private final Target target;

    Area(Terminal terminal, String area) {
        this.terminal = terminal;
        this.area = area;
        this.target = new Target(terminal);
    }

    boolean json() {
        return target.json();
    }

    Report report() {
        return new Report(terminal);
    }

    /** Asks the one that is meant. */
    JsonNode ask(String verb, Map<String, String> values) {
        var source = target.one();
        ActCommand.requireRunning(source);
        if (!name.isEmpty()) {
            values.put("name", name);
        }
        return source.ask(area + "." + verb, values);
    }

    /** Does not go on unless somebody means it. */
    void require(boolean yes, String what) {
        if (yes) {
            return;
        }
        if (json() || !terminal.interactive()) {
            throw ToolException.usage(
                    "expected --yes " + (json() ? "with --json" : "where nobody can be asked") + ", found none");
        }
        report().line(report().styled("This will " + what + ".", Style.WARNING));
        if (!terminal.ask("Do it? Type yes: ").equals("yes")) {
            throw ToolException.refused("nothing was done: the answer was not yes");
        }
    }
}
