package dev.ktm.log;

/** The request makes no sense in the present state; {@link #error} says why. Nothing was changed; the caller must ask for something else. */
public final class LogRefusedException extends LogException {

    private static final long serialVersionUID = 1L;

    LogRefusedException(LogError error, String message) {
        super(error, message, null);
    }
}
