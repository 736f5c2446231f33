package dev.ktm.cli;

import org.jspecify.annotations.Nullable;

/** The tool cannot do what it was asked. The message is for people: what was expected, what was found, what to do. */
final class ToolException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final ExitCode exitCode;
    private final String error;
    private final boolean silence;

    private ToolException(ExitCode exitCode, String error, String message, @Nullable Throwable cause, boolean silence) {
        super(message, cause);
        this.exitCode = exitCode;
        this.error = error;
        this.silence = silence;
    }

    private ToolException(ExitCode exitCode, String error, String message, @Nullable Throwable cause) {
        this(exitCode, error, message, cause, false);
    }

    static ToolException usage(String message) {
        return new ToolException(ExitCode.USAGE, "USAGE", message, null);
    }

    static ToolException notFound(String message) {
        return new ToolException(ExitCode.NOT_FOUND, "NOT_FOUND", message, null);
    }

    static ToolException refused(String message) {
        return new ToolException(ExitCode.REFUSED, "REFUSED", message, null);
    }

    static ToolException notAllowed(String message) {
        return new ToolException(ExitCode.NOT_ALLOWED, "UNAUTHORIZED", message, null);
    }

    static ToolException failed(String message, @Nullable Throwable cause) {
        return new ToolException(ExitCode.FAILED, "FAILED", message, cause);
    }

    /** A coordinator does not answer. */
    static ToolException silence(String message) {
        return new ToolException(ExitCode.NOT_FOUND, "NOT_FOUND", message, null, true);
    }

    /** What a coordinator has answered. */
    static ToolException answered(String error, String message) {
        return new ToolException(ExitCode.of(error), error, message, null);
    }

    /** Whether a coordinator does not answer, so that nobody knows what it would say. */
    boolean isSilence() {
        return silence;
    }

    ExitCode exitCode() {
        return exitCode;
    }

    /** The code, in the words of the channel. */
    String error() {
        return error;
    }
}
