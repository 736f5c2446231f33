package dev.ktm.cli;

/** How the tool ends. The numbers are a promise to scripts. */
enum ExitCode {
    /** It was done, and nothing is wrong. */
    DONE(0, "done, and nothing is wrong"),
    /** It was done, and what was shown needs somebody. */
    WRONG(1, "done, and something is wrong: in doubt, damaged, not reachable, or a fault that doctor found"),
    /** The command line makes no sense, or an answer is needed that nobody is there to give. */
    USAGE(2, "wrong usage"),
    /** There is no such coordinator, log or transaction, or it does not answer. */
    NOT_FOUND(3, "nothing there, or it cannot be reached"),
    /** It is as it should be, but not in a state in which this can be done. */
    REFUSED(4, "refused: the state does not allow it, or you said no"),
    /** Somebody else's. */
    NOT_ALLOWED(5, "not allowed: you are neither the user that it runs as nor root"),
    /** It should have worked. */
    FAILED(6, "failed");

    private final int number;
    private final String meaning;

    ExitCode(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    int number() {
        return number;
    }

    String meaning() {
        return meaning;
    }

    /** What a coordinator's error code means for whoever asked. */
    static ExitCode of(String error) {
        return switch (error) {
            case "USAGE" -> USAGE;
            case "NOT_FOUND", "BUSY" -> NOT_FOUND;
            case "REFUSED", "OFFLINE" -> REFUSED;
            case "UNAUTHORIZED" -> NOT_ALLOWED;
            default -> FAILED;
        };
    }
}
