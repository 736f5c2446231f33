package dev.ktm.journal;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The coordinator's stream holds something that it did not write, or that a newer version wrote. Nothing was changed. */
public final class JournalException extends IOException {

    private static final long serialVersionUID = 1;

    JournalException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
