package dev.ktm.rm;

import org.jspecify.annotations.Nullable;

/** A request that the coordinator refuses; it has changed nothing. {@link #error} says what to make of it. */
public final class KtmException extends Exception {

    private static final long serialVersionUID = 1;

    private final KtmError error;

    /** A refusal: what was expected, and what was found. */
    public KtmException(KtmError error, String message) {
        this(error, message, null);
    }

    /** A refusal with its cause. */
    public KtmException(KtmError error, String message, @Nullable Throwable cause) {
        super(message + " (" + error + ", " + error.code() + ")", cause);
        this.error = error;
    }

    /** The condition. */
    public KtmError error() {
        return error;
    }
}
