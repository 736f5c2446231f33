package dev.ktm.log;

/** The log or the handle is closed. Nothing was done; open it again. */
public final class LogClosedException extends LogException {

    private static final long serialVersionUID = 1L;

    LogClosedException(String what) {
        super(LogError.CLOSED, what + " is closed", null);
    }
}
