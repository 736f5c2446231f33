package dev.ktm.cli;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The operator's tool: {@code java -jar ktm-cli.jar --help}. Talks to running coordinators over their channels, and reads logs that
 * nobody has open; {@code operating.md} is its guide.
 */
public final class KtmTool {

    /** Held: a logger that nobody holds forgets how loud it may be. */
    private static final Logger LOGGER = Logger.getLogger("dev.ktm");

    private KtmTool() {}

    /** An answer of which a part is missing is none. */
    static int written(StandardOutput output, Terminal terminal, int code) {
        var failure = output.failure();
        if (failure.isEmpty()) {
            return code;
        }
        terminal.err()
                .println(
                        "ktm: the answer could not be written: " + failure.get().getMessage());
        return ExitCode.FAILED.number();
    }

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        // What the log says to its logger while it is looked at is no answer to what was asked.
        LOGGER.setLevel(Level.OFF);
        var output = new StandardOutput();
        var terminal = Terminal.ofProcess(output);
        int code = CommandTree.run(terminal, arguments);
        terminal.out().flush();
        System.exit(written(output, terminal, code));
    }
}
