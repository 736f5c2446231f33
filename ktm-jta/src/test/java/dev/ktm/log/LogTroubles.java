package dev.ktm.log;

/** Failures of a log that only the log can make. */
public final class LogTroubles {

    private LogTroubles() {}

    /** The log is full. */
    public static LogException full() {
        return new LogFullException("simulated: the log is full");
    }

    /** The log has failed. */
    public static LogException failed() {
        return new LogFailedException("simulated: the log has failed", new java.io.IOException("simulated"));
    }
}
