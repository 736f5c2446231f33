package dev.ktm.log.tool;

import dev.ktm.log.LogInspection;
import dev.ktm.log.LogInspection.ContainerUse;
import dev.ktm.log.LogInspection.Report;
import dev.ktm.log.LogInspection.StreamUse;
import dev.ktm.log.LogInspection.Summary;
import dev.ktm.log.Lsn;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Says what a log is and how its space is used. */
final class StatCommand {

    private final LogDevice device;
    private final Arguments arguments;
    private final PrintStream out;
    private final PrintStream err;

    StatCommand(LogDevice device, Arguments arguments, PrintStream out, PrintStream err) {
        this.device = device;
        this.arguments = arguments;
        this.out = out;
        this.err = err;
    }

    int run() throws IOException {
        var report = LogInspection.examine(device, frame -> {});
        var summary = report.summary();
        if (arguments.json()) {
            out.println(
                    Json.of(summary.map(each -> json(each, report.isDamaged())).orElseGet(() -> withoutBase(report))));
            return code(report);
        }
        summary.ifPresent(this::print);
        if (report.isDamaged()) {
            err.println("the log is damaged: 'verify' tells where");
        }
        if (summary.isEmpty()) {
            err.println("without a whole base log file there is no more to say; 'dump' shows what is left");
        }
        return code(report);
    }

    private static int code(Report report) {
        return report.isDamaged() ? LogTool.DAMAGED : LogTool.FINE;
    }

    /** All that is known of a log whose base log file is unusable or missing. */
    private static Map<String, Object> withoutBase(Report report) {
        var map = new LinkedHashMap<String, Object>();
        map.put("damaged", report.isDamaged());
        map.put("findings", report.findings().stream().map(Findings::json).toList());
        return map;
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private void print(Summary summary) {
        var facts = new Table(out);
        facts.row("log", device.location());
        facts.row("kind", word(summary.kind()) + (summary.archived() ? ", archived" : ", ephemeral"));
        facts.row("identity", summary.identity());
        facts.row("log id", summary.logId());
        facts.row("incarnation", summary.incarnation());
        facts.row("state", describe(summary));
        facts.row("containers", summary.containers().size() + " of " + summary.containerBytes() + " bytes");
        facts.row(
                "records",
                summary.records() + " in " + summary.frames() + " frames, " + summary.frameBytes() + " bytes");
        facts.row(
                "end",
                Lsn.toString(summary.end()) + ", durable up to " + Lsn.toString(summary.knownEnd())
                        + " when the base log file was written");
        facts.row("pinned", pinned(summary));
        facts.print();
        out.println();
        printContainers(summary);
        out.println();
        printStreams(summary.streams());
    }

    private static String describe(Summary summary) {
        var owner = "process " + summary.ownerPid() + " since " + summary.ownerSince();
        return switch (summary.state()) {
            case CLOSED -> "closed in order; last open in " + owner;
            case OPEN -> "open in " + owner;
            case CRASHED -> "not closed, and its owner is gone (or on another machine): " + owner;
        };
    }

    private static String pinned(Summary summary) {
        return summary.pinning()
                .map(stream -> stream.pinnedBytes() + " bytes, by " + label(stream) + " from "
                        + Lsn.toString(stream.pin()) + " on"
                        + (stream.pin() == stream.archiveTail() && stream.pin() < stream.base()
                                ? ", its archive tail"
                                : ""))
                .orElse("nothing: nobody needs any record");
    }

    private static String label(StreamUse stream) {
        return stream.name().isEmpty() ? "the log's stream" : "stream \"" + stream.name() + "\"";
    }

    private void printContainers(Summary summary) {
        var table = new Table(out);
        table.row("number", "file", "place", "used", "state");
        for (var container : summary.containers()) {
            table.row(
                    container.number(),
                    container.fileName(),
                    container.place(),
                    container.usedBytes() * 100 / summary.containerBytes() + "%",
                    stateOf(container));
        }
        table.print();
    }

    private static String stateOf(ContainerUse container) {
        if (container.usedBytes() == 0) {
            return "free";
        }
        return container.needed() ? "needed" : "recyclable";
    }

    private void printStreams(List<StreamUse> streams) {
        var table = new Table(out);
        table.row("id", "stream", "base", "last", "restart", "archive tail", "records", "bytes", "pins bytes");
        for (var stream : streams) {
            table.row(
                    stream.id(),
                    (stream.name().isEmpty() ? "-" : stream.name()) + (stream.deleted() ? " (deleted)" : ""),
                    Lsn.toString(stream.base()),
                    Lsn.toString(stream.last()),
                    Lsn.toString(stream.restart()),
                    Lsn.toString(stream.archiveTail()),
                    stream.records(),
                    stream.payloadBytes(),
                    stream.pinnedBytes());
        }
        table.print();
    }

    private static Map<String, Object> json(Summary summary, boolean damaged) {
        var map = new LinkedHashMap<String, Object>();
        map.put("kind", word(summary.kind()));
        map.put("archived", summary.archived());
        map.put("identity", summary.identity());
        map.put("logId", summary.logId());
        map.put("incarnation", summary.incarnation());
        map.put("damaged", damaged);
        map.put("state", word(summary.state()));
        map.put("ownerPid", summary.ownerPid());
        map.put("ownerSince", summary.ownerSince());
        map.put("ownerLives", summary.ownerLives());
        map.put("containerBytes", summary.containerBytes());
        map.put("frames", summary.frames());
        map.put("records", summary.records());
        map.put("frameBytes", summary.frameBytes());
        map.put("knownEnd", Lsn.toString(summary.knownEnd()));
        map.put("end", Lsn.toString(summary.end()));
        map.put("pinnedBytes", summary.pinning().map(StreamUse::pinnedBytes).orElse(0L));
        summary.pinning().ifPresent(stream -> map.put("pinnedBy", stream.name()));
        map.put(
                "containers",
                summary.containers().stream().map(StatCommand::json).toList());
        map.put("streams", summary.streams().stream().map(StatCommand::json).toList());
        return map;
    }

    private static Map<String, Object> json(ContainerUse container) {
        var map = new LinkedHashMap<String, Object>();
        map.put("number", container.number());
        map.put("file", container.fileName());
        map.put("place", container.place());
        map.put("usedBytes", container.usedBytes());
        map.put("state", stateOf(container));
        return map;
    }

    private static Map<String, Object> json(StreamUse stream) {
        var map = new LinkedHashMap<String, Object>();
        map.put("id", stream.id());
        map.put("name", stream.name());
        map.put("deleted", stream.deleted());
        map.put("base", Lsn.toString(stream.base()));
        map.put("last", Lsn.toString(stream.last()));
        map.put("restart", Lsn.toString(stream.restart()));
        map.put("archiveTail", Lsn.toString(stream.archiveTail()));
        map.put("records", stream.records());
        map.put("payloadBytes", stream.payloadBytes());
        map.put("pin", Lsn.toString(stream.pin()));
        map.put("pinnedBytes", stream.pinnedBytes());
        return map;
    }
}
