package dev.ktm.file;

import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/** Something that the file manager refuses; it has changed nothing, and its transaction goes on. */
public final class TxfException extends FileSystemException {

    private static final long serialVersionUID = 1;

    private final TxfError error;

    /** A refusal: which file it is about, and what was expected and found. */
    public TxfException(TxfError error, @Nullable String file, String reason) {
        super(file, null, reason + " (" + error + ", " + error.code() + ")");
        this.error = error;
    }

    TxfException(TxfError error, @Nullable String file, String reason, Throwable cause) {
        this(error, file, reason);
        initCause(cause);
    }

    /** The condition. */
    public TxfError error() {
        return error;
    }
}
