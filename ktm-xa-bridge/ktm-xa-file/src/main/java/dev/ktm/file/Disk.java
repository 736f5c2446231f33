package dev.ktm.file;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The directory below which everything lies, as an ordinary file system gives it. Names are relative to it, with slashes; the empty
 * name is the directory itself. No link is ever followed. Nothing is durable until it is forced. The exceptions are those of {@link
 * java.nio.file.Files}.
 */
interface Disk {

    /** What a name stands for. */
    enum Kind {
        FILE,
        DIRECTORY,
        LINK,
        /** A device, a pipe: not for us. */
        OTHER
    }

    /**
     * What is known of an object.
     *
     * @param key tells it from every other that exists at the same time, under whatever name
     * @param modifiedNanos since 1970
     * @param names how many names it has; 1 if that cannot be known
     * @param owned none where owners are not numbers
     */
    record Stat(Kind kind, String key, long size, long modifiedNanos, int names, Optional<Owned> owned) {

        boolean isDirectory() {
            return kind == Kind.DIRECTORY;
        }

        /** Whether it seems not to have been changed since. */
        boolean looksLike(Stat other) {
            return kind == other.kind
                    && key.equals(other.key)
                    && (isDirectory() || (size == other.size && modifiedNanos == other.modifiedNanos));
        }
    }

    /**
     * Whose an object is, and who may do what with it.
     *
     * @param mode the bits that can be set
     */
    record Owned(int user, int group, int mode) {}

    /** What a name stands for; empty if for nothing. */
    Optional<Stat> stat(String name) throws IOException;

    /** What kind of object a name stands for; empty if for nothing. Cheaper than {@link #stat}. */
    default Optional<Kind> kind(String name) throws IOException {
        return stat(name).map(Stat::kind);
    }

    /** How many names a file has; 1 if that cannot be known, or it is not there. Cheaper than {@link #stat}. */
    default int names(String name) throws IOException {
        return stat(name).map(Stat::names).orElse(1);
    }

    /** The names in a directory. */
    List<String> list(String directory) throws IOException;

    /** Opens a file. */
    DiskFile open(String name, Set<? extends OpenOption> options) throws IOException;

    /**
     * Opens a file to read it.
     *
     * @throws FileSystemException if it is something else
     */
    default DiskFile openFile(String name) throws IOException {
        var kind = kind(name).orElseThrow(() -> new NoSuchFileException(name));
        requireFile(name, kind);
        return open(name, Set.of(StandardOpenOption.READ));
    }

    /** Refuses what cannot be read like a file. */
    static void requireFile(String name, Kind kind) throws FileSystemException {
        switch (kind) {
            case FILE -> {}
            case DIRECTORY -> throw new FileSystemException(name, null, "expected a file, found a directory");
            case LINK, OTHER ->
                throw new TxfException(
                        TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                        name,
                        "expected a file, found " + (kind == Kind.LINK ? "a link" : "a special file"));
        }
    }

    void createDirectory(String name) throws IOException;

    void createLink(String name, String target) throws IOException;

    String readLink(String name) throws IOException;

    /** Gives an existing file one more name. */
    void addName(String existing, String added) throws IOException;

    /** Deletes a file, a link or an empty directory. */
    void delete(String name) throws IOException;

    /** Gives an object another name, in one step; whatever had it before loses it. */
    void rename(String from, String to) throws IOException;

    /** Makes the names in a directory durable. */
    void forceDirectory(String name) throws IOException;

    /** Makes files of the work area durable, which have to be there, and their names. */
    default void forceWork(Collection<String> files) throws IOException {
        for (var each : files) {
            forceFile(each);
        }
        forceDirectory(WorkArea.WORK);
    }

    /** Makes the content of files durable, and then the names in directories; what is not there any more is passed over. */
    default void forceAll(Collection<String> files, Collection<String> directories) throws IOException {
        for (var each : files) {
            forceFileIfThere(each);
        }
        for (var each : directories) {
            forceDirectoryIfThere(each);
        }
    }

    /** Forces what has this name, if that is a file. */
    default void forceFileIfThere(String name) throws IOException {
        if (kind(name).filter(Kind.FILE::equals).isEmpty()) {
            // A later change has removed it.
            return;
        }
        try {
            forceFile(name);
        } catch (NoSuchFileException e) {
            // A later change has removed it.
        }
    }

    /** Forces a file, also one that its owner may not read. */
    default void forceFile(String name) throws IOException {
        try (var file = openToForce(name)) {
            file.force();
        }
    }

    private DiskFile openToForce(String name) throws IOException {
        for (var right : List.of(StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            try {
                return open(name, Set.of(right));
            } catch (AccessDeniedException e) {
                // There may be another way.
            }
        }
        return openAsOwner(name);
    }

    /**
     * Opens a file or a directory that we own and may not read. For that moment its owner may, and nobody else may do anything with
     * it.
     */
    default DiskFile openAsOwner(String name) throws IOException {
        throw new AccessDeniedException(name);
    }

    /** Forces the names in a directory, if it is there. */
    default void forceDirectoryIfThere(String name) throws IOException {
        if (kind(name).filter(Kind.DIRECTORY::equals).isEmpty()) {
            // A later change has removed it, and may have put something else in its place.
            return;
        }
        try {
            forceDirectory(name);
        } catch (AccessDeniedException e) {
            try (var directory = openAsOwner(name)) {
                directory.force();
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            // A later change has removed it.
        }
    }

    /** The attributes of one view, as {@link java.nio.file.Files#readAttributes} names them. */
    Map<String, Object> readAttributes(String name, String attributes) throws IOException;

    void setAttribute(String name, String attribute, Object value) throws IOException;

    /** Whether entries of a directory may be made and deleted. */
    boolean isWritable(String directory);

    /** Whether a directory can be opened, and what is in it be reached. */
    default boolean isReadable(String directory) {
        return true;
    }

    /** Whether a directory lies on the device of the root: things can be renamed into it. */
    boolean isOnDevice(String directory) throws IOException;

    /** Fails if nothing could ever have this name, because it is too long or has a character in it that names cannot have. */
    void requirePossible(String name) throws IOException;

    /** Which views of attributes there are. */
    Set<String> attributeViews();

    /** How many files and directories were forced. */
    long forces();

    /** Where it really lies; none if it is simulated. */
    @Nullable
    Path path(String name);
}
