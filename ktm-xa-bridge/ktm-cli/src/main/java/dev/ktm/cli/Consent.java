package dev.ktm.cli;

import java.util.Map;
import picocli.CommandLine.Option;

/** Whether what cannot be taken back is really meant, and why: the options of dangerous commands. */
final class Consent {

    /** The longest reason that a coordinator keeps. */
    private static final int MOST_REASON_CHARACTERS = 500;

    @Option(names = "--yes", description = "do it without asking")
    private boolean yes;

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            description = "why, for those who ask later; it is kept in the log with your name and the time")
    private String reason = "";

    /**
     * Asks, unless it was said beforehand.
     *
     * @param json whether the answer is to be one document, in which no question has a place
     * @return why
     * @throws ToolException if the answer is no, or nobody is there to give it
     */
    String require(Terminal terminal, boolean json) {
        if ((json || !terminal.interactive()) && (!yes || reason.isBlank())) {
            throw ToolException.usage("expected --yes and --reason TEXT "
                    + (json ? "with --json" : "where nobody can be asked") + ", found "
                    + (yes ? "no reason" : reason.isBlank() ? "neither" : "no --yes"));
        }
        var why = reason.isBlank() ? terminal.ask("Why? This is kept in the log: ") : reason.strip();
        if (why.isBlank() || why.length() > MOST_REASON_CHARACTERS) {
            throw ToolException.usage("expected a reason of 1 to " + MOST_REASON_CHARACTERS + " characters, found "
                    + (why.isBlank() ? "none" : why.length()) + ": it is kept for those who ask later");
        }
        if (!yes && !terminal.ask("Do it? Type yes: ").equals("yes")) {
            throw ToolException.refused("nothing was done: the answer was not yes");
        }
        return why;
    }

    /** What is sent with a request. */
    static Map<String, String> values(String id, String why) {
        return Map.of("id", id, "reason", why);
    }
}
