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
        var rows = rows(sources, listing);
        var report = new Report(terminal);
        if (target.json()) {
            report.json(JsonNodeFactory.instance.arrayNode().addAll(rows));
        } else {
            report.table(Tables.of(listing, rows, sources.size() > 1), listing.ifEmpty());
        }
        boolean wrong = rows.stream().anyMatch(row -> Wrong.is(listing, row));
        return (wrong ? ExitCode.WRONG : ExitCode.DONE).number();
    }

    /** What all of these say; each row says whose it is. */
    static List<JsonNode> rows(List<Source> sources, Listing listing) {
        var rows = new ArrayList<JsonNode>();
        for (var source : sources) {
            var answer = source.ask(listing.verb());
            if (answer.isArray()) {
                answer.forEach(row -> rows.add(withManager(row, source)));
            } else {
                rows.add(answer);
            }
        }
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
