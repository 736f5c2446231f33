package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows all there is of one kind. */
@Command
final class ListCommand implements Callable<Integer>, CommandTree.Described {

    private final Terminal terminal;
    private final Listing listing;

    @Mixin
    private final Target target;

    ListCommand(Terminal terminal, Listing listing) {
        this.terminal = terminal;
        this.listing = listing;
        this.target = new Target(terminal);
    }

    @Override
    public String name() {
        return listing.word();
    }

    @Override
    public List<String> description() {
        return listing.description();
    }

    @Override
    public Integer call() {
        var sources = target.all();
        var rows = new ArrayList<JsonNode>();
        var silent = new ArrayList<ToolException>();
        for (var source : sources) {
            try {
                rows.addAll(rows(source, listing));
            } catch (ToolException e) {
                if (!e.isSilence()) {
                    throw e;
                }
                silent.add(e);
            }
        }
        if (silent.size() == sources.size()) {
            throw silent.get(0);
        }
        // What the others say is wanted all the more.
        silent.forEach(each -> terminal.err().println("ktm: " + Printable.line(String.valueOf(each.getMessage()))));
        var report = new Report(terminal);
        if (target.json()) {
            report.json(JsonNodeFactory.instance.arrayNode().addAll(rows));
        } else {
            report.table(Tables.of(listing, rows, sources.size() > 1), listing.ifEmpty());
        }
        if (!silent.isEmpty()) {
            return silent.get(0).exitCode().number();
        }
        boolean wrong = rows.stream().anyMatch(row -> Wrong.is(listing, row));
        return (wrong ? ExitCode.WRONG : ExitCode.DONE).number();
    }

    /** What it says; each row says whose it is. */
    private static List<JsonNode> rows(Source source, Listing listing) {
        var answer = source.ask(listing.verb());
        if (!answer.isArray()) {
            return List.of(answer);
        }
        var rows = new ArrayList<JsonNode>();
        answer.forEach(row -> rows.add(withManager(row, source)));
        return rows;
    }

    private static JsonNode withManager(JsonNode row, Source source) {
        if (!(row instanceof ObjectNode object)) {
            return row;
        }
        var named = JsonNodeFactory.instance.objectNode();
        named.put("manager", source.identity());
        named.setAll(object);
        return named;
    }
}
