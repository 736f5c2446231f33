package dev.ktm.log;

/** No space is left for an append or a reservation. The log is intact: advance the base of streams, add containers, or have
 * {@link Log#handleLogFull} see to it; then try again. */
public final class LogFullException extends LogException {

    private static final long serialVersionUID = 1L;

    LogFullException(String message) {
        super(LogError.FULL, message, null);
    }
}
