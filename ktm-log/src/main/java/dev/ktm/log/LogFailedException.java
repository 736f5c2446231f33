package dev.ktm.log;

/** A write or a force failed, now or earlier. What the last ones left on the disk is unknown, also whether the records that were
 * being forced are there; the log does nothing more until it is closed, opened again and recovered. Nothing is retried. */
public final class LogFailedException extends LogException {

    private static final long serialVersionUID = 1L;

    LogFailedException(String message, Throwable cause) {
        super(LogError.APPENDED_FLUSH_FAILED, message, cause);
    }
}
