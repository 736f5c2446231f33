package dev.ktm.log.testing;

import java.util.List;

/** Everything on a disk at one moment; it never changes. */
public final class DiskImage {

    /** A file with its name. Images share the content. */
    record Entry(String name, int inode, FileContent content) {}

    static final DiskImage EMPTY = new DiskImage(List.of());

    private final List<Entry> entries;

    DiskImage(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /** The files in the order of their names. */
    List<Entry> entries() {
        return entries;
    }

    /** A hash of all names, sizes and bytes. */
    public long hash() {
        return entries.stream()
                .mapToLong(entry -> hashOf(hashOf(entry.name()), entry.content()))
                .sum();
    }

    /** A hash of a name that tells more names apart than {@link String#hashCode}. */
    static long hashOf(String name) {
        var hash = 1L;
        for (var i = 0; i < name.length(); i++) {
            hash = Block.mix(hash * 31 + name.charAt(i));
        }
        return hash;
    }

    /** The share of one file in the hash of an image. */
    static long hashOf(long nameHash, FileContent content) {
        return Block.mix(nameHash + Long.rotateLeft(content.hash(), 23));
    }

    /** The names and sizes. */
    @Override
    public String toString() {
        var text = new StringBuilder("DiskImage[");
        for (var entry : entries) {
            text.append(text.charAt(text.length() - 1) == '[' ? "" : ", ")
                    .append(entry.name())
                    .append(' ');
            text.append(entry.content().size());
        }
        return text.append(']').toString();
    }
}
