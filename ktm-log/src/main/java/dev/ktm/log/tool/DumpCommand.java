package dev.ktm.log.tool;

import dev.ktm.log.LogInspection;
import dev.ktm.log.LogInspection.Entry;
import dev.ktm.log.LogInspection.Finding;
import dev.ktm.log.LogInspection.Frame;
import dev.ktm.log.LogInspection.Kind;
import dev.ktm.log.LogInspection.Report;
import dev.ktm.log.LogInspection.StreamUse;
import dev.ktm.log.Lsn;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Shows frames and records. */
final class DumpCommand {

    private final LogDevice device;
    private final Arguments arguments;
    private final PrintStream out;
    private final PrintStream err;
    private final Map<Integer, StreamUse> streams = new HashMap<>();
    private Report report = new Report(Optional.empty(), List.of(), List.of());
    private long left;

    DumpCommand(LogDevice device, Arguments arguments, PrintStream out, PrintStream err) {
        this.device = device;
        this.arguments = arguments;
        this.out = out;
        this.err = err;
        this.left = arguments.limit();
    }

    int run() throws IOException {
        if (arguments.raw().isPresent()) {
            return tell(LogInspection.salvage(device, arguments.raw().get(), this::show));
        }
        // What the whole says about streams and cut ends has to be known before the first record is shown.
        report = LogInspection.examine(device, frame -> {});
        var summary = report.summary();
        if (summary.isEmpty()) {
            return withoutBase();
        }
        summary.get().streams().forEach(stream -> streams.put(stream.id(), stream));
        requireStream();
        return tell(LogInspection.examine(device, this::show).findings());
    }

    private void requireStream() {
        var wanted = arguments.stream();
        if (wanted.isPresent()
                && streams.values().stream().noneMatch(stream -> stream.name().equals(wanted.get()))) {
            throw new IllegalArgumentException("expected one of the streams "
                    + streams.values().stream().map(StreamUse::name).sorted().toList() + ", found '" + wanted.get()
                    + "'");
        }
    }

    private int withoutBase() throws IOException {
        if (arguments.stream().isPresent()) {
            throw new IllegalArgumentException(
                    "names of streams are in the base log file, which cannot be used: leave '--stream' out");
        }
        tell(report.findings());
        for (var name : LogInspection.containerFiles(device)) {
            err.println("salvaging " + name + ": all valid frames in it, in the order in which they lie there");
            tell(LogInspection.salvage(device, name, this::show));
        }
        return LogTool.DAMAGED;
    }

    /** Findings go where they do not mix with what was asked for. */
    private int tell(List<Finding> findings) {
        var damages = findings.stream().filter(Finding::damage).toList();
        if (arguments.json()) {
            damages.stream().map(Findings::json).forEach(finding -> {
                finding.put("type", "finding");
                out.println(Json.of(finding));
            });
        } else {
            Findings.print(damages, err);
        }
        return damages.isEmpty() ? LogTool.FINE : LogTool.DAMAGED;
    }

    private void show(Frame frame) {
        var wanted = frame.records().stream().filter(this::isWanted).limit(left).toList();
        boolean empty = frame.records().isEmpty() && frame.address() >= arguments.from();
        if (left == 0 || (wanted.isEmpty() && (!empty || arguments.stream().isPresent()))) {
            return;
        }
        left -= wanted.size();
        if (arguments.json()) {
            out.println(Json.of(json(frame)));
            wanted.forEach(entry -> out.println(Json.of(json(entry))));
        } else {
            out.println("frame " + Lsn.toString(frame.address()) + "  " + frame.file() + " at " + frame.offset()
                    + "  length " + frame.lengthBytes() + "  span " + frame.spanBytes() + "  records "
                    + frame.records().size() + "  incarnation " + frame.incarnation() + "  after "
                    + Lsn.toString(frame.previous()));
            var table = new Table(out);
            wanted.forEach(entry -> row(table, entry));
            table.print();
        }
    }

    private boolean isWanted(Entry entry) {
        var stream = streams.get(entry.stream());
        return entry.lsn() >= arguments.from()
                && (arguments.stream().isEmpty()
                        || (stream != null
                                && stream.name().equals(arguments.stream().get())));
    }

    private void row(Table table, Entry entry) {
        var argument = switch (entry.kind()) {
            case DATA -> "";
            case RESTART -> ", base " + Lsn.toString(entry.argument());
            case TRUNCATION -> ", keeps " + Lsn.toString(entry.argument());
        };
        table.row(
                "  " + Lsn.toString(entry.lsn()),
                label(entry),
                StatCommand.word(entry.kind()) + argument,
                "previous " + Lsn.toString(entry.previous()),
                "undo next " + Lsn.toString(entry.undoNext()),
                entry.payload().remaining() + " bytes",
                standing(entry),
                payload(entry.payload()));
    }

    private String label(Entry entry) {
        var stream = streams.get(entry.stream());
        return stream == null || stream.name().isEmpty() ? "#" + entry.stream() : stream.name();
    }

    /** Whether its stream still has the record. */
    private String standing(Entry entry) {
        var stream = streams.get(entry.stream());
        if (report.isVoid(entry.lsn())) {
            return "cut off";
        }
        if (stream == null) {
            return report.summary().isPresent() ? "of no stream" : "";
        }
        long low = stream.archiveTail() == Lsn.NULL ? stream.base() : Math.min(stream.base(), stream.archiveTail());
        return entry.lsn() < low ? "below the base" : "";
    }

    private String payload(ByteBuffer payload) {
        return switch (arguments.payload()) {
            case NONE -> "";
            case HEX -> hex(payload);
            case TEXT -> text(payload);
        };
    }

    private static String hex(ByteBuffer payload) {
        var text = new StringBuilder();
        for (int i = payload.position(); i < payload.limit(); i++) {
            int value = Byte.toUnsignedInt(payload.get(i));
            text.append(Character.forDigit(value >> 4, 16)).append(Character.forDigit(value & 0xF, 16));
        }
        return text.toString();
    }

    private static String text(ByteBuffer payload) {
        var text = new StringBuilder();
        for (int i = payload.position(); i < payload.limit(); i++) {
            char c = (char) Byte.toUnsignedInt(payload.get(i));
            text.append(c >= ' ' && c <= '~' ? c : '.');
        }
        return text.toString();
    }

    private static Map<String, Object> json(Frame frame) {
        var map = new LinkedHashMap<String, Object>();
        map.put("type", "frame");
        map.put("lsn", Lsn.toString(frame.address()));
        map.put("file", frame.file());
        map.put("offset", frame.offset());
        map.put("length", frame.lengthBytes());
        map.put("span", frame.spanBytes());
        map.put("records", frame.records().size());
        map.put("incarnation", frame.incarnation());
        map.put("after", Lsn.toString(frame.previous()));
        return map;
    }

    private Map<String, Object> json(Entry entry) {
        var map = new LinkedHashMap<String, Object>();
        map.put("type", "record");
        map.put("lsn", Lsn.toString(entry.lsn()));
        map.put("streamId", entry.stream());
        var stream = streams.get(entry.stream());
        if (stream != null) {
            map.put("stream", stream.name());
        }
        map.put("kind", StatCommand.word(entry.kind()));
        if (entry.kind() != Kind.DATA) {
            map.put(entry.kind() == Kind.RESTART ? "base" : "keeps", Lsn.toString(entry.argument()));
        }
        map.put("previous", Lsn.toString(entry.previous()));
        map.put("undoNext", Lsn.toString(entry.undoNext()));
        map.put("bytes", entry.payload().remaining());
        var standing = standing(entry);
        if (!standing.isEmpty()) {
            map.put("standing", standing);
        }
        if (arguments.payload() != Arguments.Payload.NONE) {
            map.put("payload", payload(entry.payload()));
        }
        return map;
    }
}
