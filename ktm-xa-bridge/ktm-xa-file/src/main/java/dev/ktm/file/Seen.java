package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.IOException;
import java.util.Optional;

/**
 * What a transaction has found under a name, or made for it: enough to know it again. While nobody has started the manager anew that is
 * its key. A restart may make it once more, with another key, but of the same kind, size and time; a directory, or a link, is then
 * known by what it is.
 *
 * @param size of a file
 * @param modifiedNanos since 1970
 * @param target of a link
 */
record Seen(Kind kind, String key, long size, long modifiedNanos, String target) {

    /** Not every system sets times as exactly as it tells them. */
    private static final long SAME_NANOS = 1000;

    /** What a name stands for. */
    static Seen of(Disk disk, String name, Disk.Stat stat) throws IOException {
        return new Seen(
                stat.kind(),
                stat.key(),
                stat.size(),
                stat.modifiedNanos(),
                stat.kind() == Kind.LINK ? disk.readLink(name) : "");
    }

    /** A link whose key nobody knows. */
    static Seen link(String target) {
        return new Seen(Kind.LINK, "", 0, 0, target);
    }

    /** A directory whose key nobody knows. */
    static Seen directory() {
        return new Seen(Kind.DIRECTORY, "", 0, 0, "");
    }

    boolean isDirectory() {
        return kind == Kind.DIRECTORY;
    }

    /** The same, with another time. */
    Seen modifiedAt(long nanos) {
        return new Seen(kind, key, size, nanos, target);
    }

    /** Whether this is it, though it may have been changed. */
    boolean isSameObject(Disk.Stat there) {
        return kind == there.kind() && key.equals(there.key());
    }

    /** Whether this is it, and nobody has changed it. */
    boolean isUnchanged(Disk.Stat there) {
        return isSameObject(there)
                && (kind != Kind.FILE || (size == there.size() && modifiedNanos == there.modifiedNanos()));
    }

    /**
     * Whether this may be it after a restart, or what a power cut has left of it: then a file is not larger, and not younger, than it
     * was.
     *
     * @param linked where it leads, if it is a link
     */
    boolean isLeftOf(Disk.Stat there, Optional<String> linked) {
        if (kind != there.kind()) {
            return false;
        }
        return switch (kind) {
            case DIRECTORY -> true;
            case LINK -> linked.filter(target::equals).isPresent();
            case OTHER -> key.equals(there.key());
            case FILE ->
                there.size() <= size
                        && (isSameTime(there.modifiedNanos())
                                || (key.equals(there.key()) && there.modifiedNanos() < modifiedNanos));
        };
    }

    private boolean isSameTime(long nanos) {
        return Math.floorDiv(modifiedNanos, SAME_NANOS) == Math.floorDiv(nanos, SAME_NANOS);
    }
}
