package dev.ktm.registry;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A request that the registry refuses; it has changed nothing. {@link #error} says what to make of it. */
public final class RegistryException extends IOException {

    private static final long serialVersionUID = 1;

    private final RegistryError error;

    /** A refusal: what was expected, and what was found. */
    public RegistryException(RegistryError error, String message) {
        this(error, message, null);
    }

    /** A refusal with its cause. */
    public RegistryException(RegistryError error, String message, @Nullable Throwable cause) {
        super(message + " (" + error + ", " + error.code() + ")", cause);
        this.error = error;
    }

    /** The condition. */
    public RegistryError error() {
        return error;
    }
}
