package dev.ktm;

import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;

/** A coordinator cannot be opened. Nothing has changed; {@link #error} says what is the matter. */
public final class KtmOpenException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final KtmError error;

    KtmOpenException(KtmException cause) {
        super(cause.getMessage(), cause);
        this.error = cause.error();
    }

    /** The condition. */
    public KtmError error() {
        return error;
    }
}
