package dev.ktm.file;

import java.io.IOException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
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
     */
    record Stat(Kind kind, String key, long size, long modifiedNanos, int names) {

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

    /** What a name stands for; empty if for nothing. */
    Optional<Stat> stat(String name) throws IOException;

    /** The names in a directory. */
    List<String> list(String directory) throws IOException;

    /** Opens a file. */
    DiskFile open(String name, Set<? extends OpenOption> options) throws IOException;

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

    /** The attributes of one view, as {@link java.nio.file.Files#readAttributes} names them. */
    Map<String, Object> readAttributes(String name, String attributes) throws IOException;

    void setAttribute(String name, String attribute, Object value) throws IOException;

    /** Whether entries of a directory may be made and deleted. */
    boolean isWritable(String directory);

    /** Whether a directory lies on the device of the root: things can be renamed into it. */
    boolean isOnDevice(String directory) throws IOException;

    /** Fails if nothing could ever have this name, because it is too long or has a character in it that names cannot have. */
    void requirePossible(String name) throws IOException;

    /** Which views of attributes there are. */
    Set<String> attributeViews();

    /** Where it really lies; none if it is simulated. */
    @Nullable
    Path path(String name);
}
