package dev.ktm.jdbc;

import java.sql.SQLNonTransientException;
import org.jspecify.annotations.Nullable;

/**
 * A data source, its driver or its database is not set up for transactions. The message says what was found and what has to be
 * changed; until that is done every attempt fails like this.
 */
public final class MisconfiguredDataSourceException extends SQLNonTransientException {

    private static final long serialVersionUID = 1L;

    MisconfiguredDataSourceException(@Nullable String message, @Nullable Throwable cause) {
        super(message, SqlStates.MISCONFIGURED, cause);
    }
}
