package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which coordinator a command is about, and how it answers: the options that nearly every command has. */
final class Target {

    private final Terminal terminal;

    @Option(
            names = "--tm",
            paramLabel = "ID",
            description =
                    "the coordinator whose identity begins so, or that has this name; not needed if only one runs")
    private String tm = "";

    @Option(
            names = "--log",
            paramLabel = "DIR",
            description = "the coordinator whose log is in this directory; if it does not run, its log is read")
    private @Nullable Path log;

    @Option(
            names = "--channels",
            paramLabel = "DIR",
            description =
                    "where coordinators listen; unless given, KTM_CHANNELS, or ktm-USER in the directory for temporary"
                            + " files")
    private @Nullable Path channels;

    @Option(names = "--json", description = "answer with one JSON document")
    private boolean json;

    Target(Terminal terminal) {
        this.terminal = terminal;
    }

    boolean json() {
        return json;
    }

    /** Whether somebody has said which coordinator. */
    boolean isNamed() {
        return !tm.isEmpty() || log != null;
    }

    @Nullable
    Path log() {
        return log;
    }

    /** Where coordinators listen. */
    Channels channels() {
        return Channels.of(channels, terminal.environment());
    }

    /** The coordinators that are meant: all that run, unless one was named. At least one. */
    List<Source> all() {
        if (isNamed()) {
            return List.of(one());
        }
        var running = channels().running();
        if (running.isEmpty()) {
            throw none();
        }
        return running;
    }

    private ToolException none() {
        return ToolException.notFound("expected a running coordinator, found none in "
                + channels().describe() + ": start one, name another directory with --channels (root sees other users'"
                + " coordinators so), or read a stopped log with --log DIR");
    }

    /** The coordinator that is meant, if there can be no doubt. */
    Source one() {
        var chosen = log;
        if (chosen != null && !tm.isEmpty()) {
            throw ToolException.usage("expected --tm or --log, found both: give one");
        }
        if (chosen != null) {
            return ofLog(chosen);
        }
        var found = tm.isEmpty() ? channels().running() : named();
        if (found.isEmpty()) {
            throw tm.isEmpty()
                    ? none()
                    : ToolException.notFound("expected a running coordinator whose identity begins with \"" + tm
                            + "\" or that has that name, found none in "
                            + channels().describe() + ": 'ktm list tms' shows all");
        }
        if (found.size() > 1) {
            throw ToolException.usage("expected one coordinator, found " + found.size() + ": "
                    + String.join(", ", found.stream().map(Source::identity).toList())
                    + "; say which with --tm");
        }
        return found.get(0);
    }

    private List<Source> named() {
        var running = channels().running();
        var wanted = tm.toLowerCase(Locale.ROOT);
        var byIdentity = running.stream()
                .filter(each -> each.identity().startsWith(wanted))
                .toList();
        return byIdentity.isEmpty() ? running.stream().filter(this::hasThatName).toList() : byIdentity;
    }

    private boolean hasThatName(Source source) {
        try {
            return source.ask("manager").path("name").asText().equals(tm);
        } catch (ToolException e) {
            // One that does not answer is in nobody's way.
            return false;
        }
    }

    private Source ofLog(Path directory) {
        try {
            var running = channels().ofLog(directory);
            if (running.isPresent()) {
                return running.get();
            }
        } catch (ToolException e) {
            // The log can be read all the same.
            terminal.err().println("ktm: " + Printable.line(String.valueOf(e.getMessage())));
        }
        var stopped = StoppedLog.read(directory);
        if (stopped.state() == dev.ktm.log.LogInspection.State.OPEN) {
            terminal.err()
                    .println("ktm: the log is open in process " + stopped.ownerPid() + ", which does not answer in "
                            + channels().describe() + ": what follows stood in the log a moment ago");
        }
        return stopped;
    }

    /** A transaction, and who knows it. */
    record Found(Source source, JsonNode transaction) {}

    /**
     * Finds a transaction, also one that is only remembered because it is damaged; looks in all coordinators that run unless one was
     * named.
     */
    Found find(String id) {
        return find(all(), id);
    }

    static Found find(List<Source> sources, String id) {
        var found = new ArrayList<Found>();
        ToolException missing = null;
        ToolException silent = null;
        for (var source : sources) {
            try {
                found.add(new Found(source, source.ask("transaction", Map.of("id", id))));
            } catch (ToolException e) {
                if (e.isSilence()) {
                    silent = e;
                } else if (e.error().equals("NOT_FOUND")) {
                    missing = e;
                    damaged(source, id).forEach(each -> found.add(new Found(source, each)));
                } else {
                    throw e;
                }
            }
        }
        if (found.isEmpty() && silent != null) {
            // It may be there.
            throw silent;
        }
        if (found.isEmpty()) {
            throw sources.size() == 1 && missing != null
                    ? missing
                    : ToolException.notFound("expected a transaction whose unit of work or id begins with \"" + id
                            + "\", found none in " + sources.size()
                            + " coordinators: 'ktm list transactions' and 'ktm list damaged' show all");
        }
        if (found.size() > 1) {
            throw ToolException.usage("expected one transaction, found " + found.size() + " that begin with \"" + id
                    + "\": "
                    + String.join(
                            ", ",
                            found.stream()
                                    .map(each -> each.transaction()
                                            .path("unitOfWork")
                                            .asText())
                                    .toList())
                    + "; give more of it, or say which coordinator with --tm");
        }
        return found.get(0);
    }

    private static List<JsonNode> damaged(Source source, String id) {
        var wanted = id.strip().toLowerCase(Locale.ROOT);
        return StreamSupport.stream(source.ask("damaged").spliterator(), false)
                .filter(each -> each.path("unitOfWork").asText().startsWith(wanted)
                        || each.path("id").asText().startsWith(wanted))
                .toList();
    }
}
