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

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        // What the log says to its logger while it is looked at is no answer to what was asked.
        LOGGER.setLevel(Level.OFF);
        var terminal = Terminal.ofProcess();
        int code = CommandTree.run(terminal, arguments);
        terminal.out().flush();
        System.exit(code);
    }
}
