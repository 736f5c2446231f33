package dev.ktm.log;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A request to the log that was not carried out. The subclasses tell what the caller can do about it. */
public abstract sealed class LogException extends IOException
        permits LogClosedException,
                LogCorruptException,
                LogDeviceException,
                LogFailedException,
                LogFullException,
                LogInUseException,
                LogRefusedException {

    private static final long serialVersionUID = 1L;

    private final LogError error;

    LogException(LogError error, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.error = error;
    }

    /** The condition. */
    public LogError error() {
        return error;
    }
}
