package dev.ktm.file;

import java.nio.file.CopyOption;

/**
 * Hears how far a copy has come, and may end it: an option of {@link java.nio.file.Files#copy(java.nio.file.Path,
 * java.nio.file.Path, CopyOption...)} between paths of file managers.
 */
@FunctionalInterface
public interface CopyProgress extends CopyOption {

    /** How a copy goes on. */
    enum Answer {
        /** As before. */
        CONTINUE,
        /** Not at all, and what was copied is removed: the copy ends with {@link TxfError#REQUEST_ABORTED}. */
        CANCEL,
        /** Not at all, and what was copied stays: the copy ends with {@link TxfError#REQUEST_ABORTED}. */
        STOP
    }

    /**
     * Something has been copied.
     *
     * @param copied so many bytes
     * @param total of so many, as far as that is known
     */
    Answer copied(long copied, long total);
}
