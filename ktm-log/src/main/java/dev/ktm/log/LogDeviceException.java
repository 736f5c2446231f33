package dev.ktm.log;

/** The directory or a file cannot be used: no permission, no space, not a directory. Nothing is lost; mend it and try again. */
public final class LogDeviceException extends LogException {

    private static final long serialVersionUID = 1L;

    LogDeviceException(LogError error, String message, Throwable cause) {
        super(error, message, cause);
    }
}
