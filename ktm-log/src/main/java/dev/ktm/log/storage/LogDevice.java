package dev.ktm.log.storage;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The log's only door to stable storage: one flat directory of files, reserved for one log.
 *
 * <p>Everything the log knows about disks is in this interface and {@link DeviceFile}: what a write promises, what a
 * force promises, and that neither happens to names before {@link #forceDirectory}. A replicated store can stand
 * behind it as well; then a file is a replicated extent and {@link #acquire} fences the former owner.
 *
 * <p>Safe for many threads. No operation reacts to {@link Thread#interrupt}: an application's interrupt neither fails
 * an operation nor harms the device. File names are plain names without separators.
 */
public interface LogDevice extends Closeable {

    /** Where this device is, for messages: a directory path, or a description of what stands behind it. */
    String location();

    /** Why a log should not be kept here, if there is a reason. */
    default Optional<String> caveat() {
        return Optional.empty();
    }

    /**
     * Makes the caller the only owner of the files, across processes and within this one.
     *
     * @param lockName the file that carries the lock; nobody may open it but this method
     * @throws DeviceBusyException if somebody owns the device already
     */
    Ownership acquire(String lockName) throws IOException;

    /** The names of all files, sorted. */
    List<String> list() throws IOException;

    /**
     * Creates a file, readable and writable by the owner of the process only. It has the given size and reads as
     * zeros, but its space is not guaranteed until each part of it has been written. The name survives a crash only
     * after {@link #forceDirectory}.
     *
     * @throws java.nio.file.FileAlreadyExistsException if the name is taken
     */
    DeviceFile create(String name, long sizeBytes) throws IOException;

    /**
     * Opens an existing file.
     *
     * @throws java.nio.file.NoSuchFileException if there is none of this name
     */
    DeviceFile open(String name, Access access) throws IOException;

    /** Renames a file atomically, replacing any file of the new name. Durable only after {@link #forceDirectory}. */
    void rename(String from, String to) throws IOException;

    /** Deletes a file. Durable only after {@link #forceDirectory}. */
    void delete(String name) throws IOException;

    /**
     * A number that a file keeps when it is renamed and that a copy of it does not share; 0 if the device has none.
     *
     * @throws java.nio.file.NoSuchFileException if there is no file of this name
     */
    default long fileIdentity(String name) throws IOException {
        return 0;
    }

    /** Returns once every create, rename and delete so far is on stable storage. */
    void forceDirectory() throws IOException;

    /** What a file is opened for. */
    enum Access {
        /** Reading only: the file is never changed through this handle. */
        READ,
        /** Reading and writing. */
        WRITE
    }

    /** The exclusive right to change the device's files. Closing it gives the right up. */
    interface Ownership extends Closeable {

        /**
         * Returns if the right still holds as far as the device can tell.
         *
         * @throws IOException if it has been lost, for instance because the lock file was deleted or replaced
         */
        void check() throws IOException;
    }
}
