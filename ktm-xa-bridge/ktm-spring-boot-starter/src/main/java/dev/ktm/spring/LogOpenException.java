package dev.ktm.spring;

import dev.ktm.KtmOpenException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The coordinator could not be opened with its log in a directory. */
final class LogOpenException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    private final boolean isThere;

    LogOpenException(Path directory, KtmOpenException why) {
        super(why.getMessage(), why);
        this.isThere = Files.exists(directory.resolve("ktm.blf"));
    }

    /** Whether there is a log, which may hold what is decided. */
    boolean isThere() {
        return isThere;
    }
}
