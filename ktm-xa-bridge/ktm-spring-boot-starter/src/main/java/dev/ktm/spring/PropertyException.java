package dev.ktm.spring;

import org.jspecify.annotations.Nullable;

/** What a property says cannot be. */
final class PropertyException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    private final String advice;

    PropertyException(String property, String message) {
        this(property, message, null);
    }

    PropertyException(String property, String message, @Nullable Exception cause) {
        this(property, message, "Change the property " + property + ", or what it speaks of.", cause);
    }

    PropertyException(String property, String message, String advice, @Nullable Exception cause) {
        super(property + ": " + message, cause);
        this.advice = advice;
    }

    String advice() {
        return advice;
    }
}
