package dev.ktm.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Every frame and every record of a log. */
@Command(
        name = "dump",
        description = {
            "Show every frame and every record of a log. With --json: one object for each, one a line.",
            "",
            "Works on a log that is too damaged to be opened. The data of records may be your users' own: say where you send it."
        })
final class LogDumpCommand implements Callable<Integer> {

    /** How the data of records is shown. */
    enum Form {
        HEX,
        TEXT,
        NONE
    }

    private final Terminal terminal;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "DIR",
            description = "the directory of the log; not needed for the log of a running coordinator")
    private @Nullable Path directory;

    @Option(names = "--stream", paramLabel = "NAME", description = "records of this stream only")
    private @Nullable String stream;

    @Option(
            names = "--from",
            paramLabel = "LSN",
            description = "from here on; an LSN is shown as 81000:2, a frame's address is enough")
    private @Nullable String from;

    @Option(names = "--limit", paramLabel = "N", description = "at most so many records")
    private @Nullable String limit;

    @Option(
            names = "--payload",
            paramLabel = "FORM",
            description = "the records' data: hex, text or none, which is the default")
    private Form payload = Form.NONE;

    @Option(
            names = "--raw",
            paramLabel = "FILE",
            description = "whatever valid frames are in this container file of DIR, without the base log file")
    private @Nullable String raw;

    @Mixin
    private final Target target;

    LogDumpCommand(Terminal terminal) {
        this.terminal = terminal;
        this.target = new Target(terminal);
    }

    @Override
    public Integer call() {
        var options = new ArrayList<String>();
        add(options, "--stream", stream);
        add(options, "--from", from);
        add(options, "--limit", limit);
        add(options, "--payload", payload.name().toLowerCase(Locale.ROOT));
        add(options, "--raw", raw);
        return LogCommand.run(terminal, target, directory, "dump", options);
    }

    private static void add(List<String> options, String name, @Nullable String value) {
        if (value != null) {
            options.add(name);
            options.add(value);
        }
    }
}
