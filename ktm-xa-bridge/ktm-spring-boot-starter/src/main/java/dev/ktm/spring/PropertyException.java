package dev.ktm.spring;

import org.jspecify.annotations.Nullable;

/** What a property says cannot be. */
final class PropertyException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    private final String property;

    PropertyException(String property, String message, @Nullable Exception cause) {
        super(property + ": " + message, cause);
        this.property = property;
    }

    String property() {
        return property;
    }
}
