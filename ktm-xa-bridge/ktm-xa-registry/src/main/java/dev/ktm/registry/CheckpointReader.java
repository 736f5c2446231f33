package dev.ktm.registry;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.registry.Node.Attributes;
import dev.ktm.registry.Node.Child;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads one checkpoint, as {@link CheckpointFormat} says. Believes nothing that is not checked. */
final class CheckpointReader {

    private static final int BUFFER_BYTES = 1 << 20;

    private final DeviceFile file;
    private final ByteBuffer buffer = CheckpointFormat.aligned(BUFFER_BYTES).limit(0);
    private long position;
    private byte[] frame = new byte[CheckpointFormat.FRAME_BYTES * 2];

    private final List<Key> keys = new ArrayList<>();
    private final Map<Long, List<Child>> children = new HashMap<>();

    /** What is known of a key before its subkeys are. */
    private static final class Key {
        final long id;
        final long parent;
        final String name;
        final Attributes attributes;
        final long written;
        final List<RegistryValue> values = new ArrayList<>(4);

        Key(ByteSource source, Attributes before) throws RegistryException {
            this.id = source.readLong();
            this.parent = source.readLong();
            this.name = source.readText();
            var found = Encoding.attributes(source);
            this.attributes = found.equals(before) ? before : found;
            this.written = source.readLong();
        }
    }

    CheckpointReader(DeviceFile file) {
        this.file = file;
    }

    /**
     * All of it.
     *
     * @throws RegistryException with {@link RegistryError#HIVE_CORRUPT} if it is not whole
     */
    HiveFiles.Found read() throws IOException {
        var header = header();
        long body = header.getLong(CheckpointFormat.BODY_OFFSET);
        long end = CheckpointFormat.HEADER_BYTES + body;
        position = CheckpointFormat.HEADER_BYTES;
        require(body >= 0 && end <= file.size(), "frames of " + body + " bytes", "a file of " + file.size());
        while (position - buffer.remaining() < end) {
            readFrame(end);
        }
        require(
                keys.size() == header.getLong(CheckpointFormat.KEYS_OFFSET),
                header.getLong(CheckpointFormat.KEYS_OFFSET) + " keys",
                String.valueOf(keys.size()));
        var hive = new UUID(
                header.getLong(CheckpointFormat.HIVE_OFFSET),
                header.getLong(CheckpointFormat.HIVE_OFFSET + Long.BYTES));
        return new HiveFiles.Found(
                file.name(),
                hive,
                header.getLong(CheckpointFormat.FIRST_SEQUENCE_OFFSET),
                header.getLong(CheckpointFormat.COVERED_OFFSET),
                tree(),
                header.getLong(CheckpointFormat.NEXT_ID_OFFSET),
                header.getInt(CheckpointFormat.UNLOADED_OFFSET) == 1);
    }

    private ByteBuffer header() throws IOException {
        require(
                file.size() >= CheckpointFormat.HEADER_BYTES,
                "a header of " + CheckpointFormat.HEADER_BYTES + " bytes",
                "a file of " + file.size());
        var header = ByteBuffer.allocate(CheckpointFormat.HEADER_BYTES);
        file.read(0, header);
        require(
                header.getLong(CheckpointFormat.MAGIC_OFFSET) == CheckpointFormat.MAGIC,
                "a checkpoint of a hive",
                "something else");
        require(
                header.getInt(CheckpointFormat.CRC_OFFSET) == CheckpointFormat.checksum(header),
                "the checksum of the header",
                "another");
        int version = header.getInt(CheckpointFormat.VERSION_OFFSET);
        require(version == CheckpointFormat.VERSION, "version " + CheckpointFormat.VERSION, "version " + version);
        long first = header.getLong(CheckpointFormat.FIRST_SEQUENCE_OFFSET);
        long second = header.getLong(CheckpointFormat.SECOND_SEQUENCE_OFFSET);
        require(first == second, "the same sequence number twice", first + " and " + second + ": it is not whole");
        return header;
    }

    private void require(boolean holds, String expected, String found) throws RegistryException {
        if (!holds) {
            throw new RegistryException(
                    RegistryError.HIVE_CORRUPT,
                    "expected " + expected + " in " + file.name() + ", found " + found + " at offset "
                            + (position - buffer.remaining()));
        }
    }

    private void readFrame(long end) throws IOException {
        var head = new byte[CheckpointFormat.FRAME_HEADER_BYTES];
        fill(head, head.length, end);
        var header = ByteBuffer.wrap(head);
        int length = header.getInt();
        int checksum = header.getInt();
        require(
                length > 0 && length <= CheckpointFormat.MOST_FRAME_BYTES,
                "the length of a frame",
                String.valueOf(length));
        require(
                length <= end - position + buffer.remaining(),
                "a frame within the body",
                "one of " + length + " bytes");
        if (frame.length < length) {
            frame = new byte[length];
        }
        fill(frame, length, end);
        require(CheckpointFormat.checksum(frame, length) == checksum, "the checksum of a frame", "another");
        readRecords(new ByteSource(frame, length));
    }

    private void fill(byte[] target, int count, long end) throws IOException {
        for (int at = 0; at < count; ) {
            if (!buffer.hasRemaining()) {
                long left = end - position;
                require(left > 0, "more of a frame", "the end of the body");
                buffer.clear().limit((int) Math.min(buffer.capacity(), left));
                try {
                    file.read(position, buffer);
                } catch (EOFException e) {
                    throw new RegistryException(RegistryError.HIVE_CORRUPT, String.valueOf(e.getMessage()), e);
                }
                position += buffer.position();
                buffer.flip();
            }
            int some = Math.min(count - at, buffer.remaining());
            buffer.get(target, at, some);
            at += some;
        }
    }

    private void readRecords(ByteSource source) throws RegistryException {
        while (source.hasRemaining()) {
            int kind = source.readByte();
            var last = keys.isEmpty() ? null : keys.get(keys.size() - 1);
            if (kind == CheckpointFormat.KEY) {
                add(new Key(source, last == null ? Attributes.NONE : last.attributes), last);
            } else {
                require(kind == CheckpointFormat.VALUE && last != null, "a key or its value", "kind " + kind);
                if (last != null) {
                    last.values.add(Encoding.value(source, source.readText()));
                }
            }
        }
    }

    private void add(Key key, @Nullable Key last) throws RegistryException {
        require(key.id > (last == null ? 0 : last.id), "keys in order", "id " + key.id);
        require((key.id == Node.ROOT) == (key.parent == 0), "a key in another", "parent " + key.parent);
        keys.add(key);
        if (key.parent != 0) {
            children.computeIfAbsent(key.parent, absent -> new ArrayList<>()).add(new Child(key.name, key.id));
        }
    }

    private Tree tree() throws RegistryException {
        var trie = IdTrie.EMPTY;
        for (var key : keys) {
            var below = children.remove(key.id);
            trie = trie.with(
                    key.id,
                    new Node(
                            key.id,
                            key.parent,
                            key.name,
                            key.attributes,
                            key.written,
                            below == null ? Entries.empty() : sorted(below),
                            sorted(key.values)));
        }
        require(children.isEmpty(), "every key in another", "keys in none");
        require(trie.get(Node.ROOT) != null, "a root", "none");
        return new Tree(trie, IdTrie.EMPTY);
    }

    /** What stands behind what is up to the JDK, whose next version may know more letters: that of the file does not count. */
    private <E extends Entries.Named> Entries<E> sorted(List<E> things) throws RegistryException {
        things.sort(Comparator.comparing(Entries.Named::name, Names.ORDER));
        for (int i = 1; i < things.size(); i++) {
            var name = things.get(i).name();
            require(
                    Names.compare(things.get(i - 1).name(), name) != 0,
                    "different names",
                    "\"" + Names.shortened(name) + "\" twice");
        }
        return Entries.ofSorted(things);
    }
}
