package dev.ktm.registry;

import dev.ktm.registry.Node.Attributes;
import dev.ktm.registry.Node.Child;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What changes of a hive look like in the log: a version, and for each key that is changed
 * <pre>
 *   | flags 1 | id 8 | [parent 8] | [name] | [attributes] | written 8 | values: count, each | children: count, each |
 *   a value: | name | 0 |  or  | name | 1 | type 1 | bytes |      a child: | name | 0 |  or  | name | 1 | id 8 |
 * </pre>
 * The flags say whether it was created (then the parent follows), deleted, named (the name follows) and given attributes (they
 * follow). Volatile keys are left out; where one is the new child, no child is left after a restart.
 */
final class Encoding {

    private static final int VERSION = 1;
    private static final int CREATED = 1;
    private static final int DELETED = 2;
    private static final int NAMED = 4;
    private static final int ATTRIBUTES = 8;
    private static final int ALL_FLAGS = CREATED | DELETED | NAMED | ATTRIBUTES;

    private Encoding() {}

    /** The parts of a change that outlive a restart; empty if there are none. */
    static Optional<ByteBuffer> encode(Iterable<KeyChange> changes) {
        var sink = new ByteSink();
        sink.putByte(VERSION);
        for (var change : changes) {
            if (!Node.isVolatile(change.id)) {
                put(sink, change);
            }
        }
        return sink.size() == 1 ? Optional.empty() : Optional.of(sink.toBuffer());
    }

    private static void put(ByteSink sink, KeyChange change) {
        var name = change.name;
        var attributes = change.attributes;
        sink.putByte((change.isCreated() ? CREATED : 0)
                | (change.deleted ? DELETED : 0)
                | (name != null ? NAMED : 0)
                | (attributes != null ? ATTRIBUTES : 0));
        sink.putLong(change.id);
        if (change.isCreated()) {
            sink.putLong(change.parent);
        }
        if (name != null) {
            sink.putText(name);
        }
        if (attributes != null) {
            put(sink, attributes);
        }
        sink.putLong(change.written);
        sink.putCount(change.values.size());
        change.values.forEach((key, value) -> {
            sink.putText(value.map(RegistryValue::name).orElse(key));
            sink.putByte(value.isPresent() ? 1 : 0);
            value.ifPresent(present -> put(sink, present));
        });
        sink.putCount(change.children.size());
        change.children.forEach((key, child) -> {
            // A volatile one may have taken the place of one that is durable, and that one has to go.
            var durable = child.filter(present -> !Node.isVolatile(present.id()));
            sink.putText(durable.map(Child::name).orElse(key));
            sink.putByte(durable.isPresent() ? 1 : 0);
            durable.ifPresent(present -> sink.putLong(present.id()));
        });
    }

    /** The type and the data of a value. */
    static void put(ByteSink sink, RegistryValue value) {
        sink.putByte(value.type().code());
        sink.putBytes(value.bytes());
    }

    static RegistryValue value(ByteSource source, String name) throws RegistryException {
        var type = source.readType();
        return RegistryValue.owning(name, type, source.readBytes());
    }

    /** How much room it takes. */
    static int bytes(KeySecurity security) {
        var sink = new ByteSink();
        put(sink, security);
        return sink.size();
    }

    static void put(ByteSink sink, Attributes attributes) {
        sink.putText(attributes.className());
        put(sink, attributes.security());
    }

    private static void put(ByteSink sink, KeySecurity security) {
        sink.putText(security.owner());
        var grants = security.grants();
        sink.putCount(grants.size());
        grants.forEach((principal, rights) -> {
            sink.putText(principal);
            sink.putCount(rights.stream().mapToInt(KeyRight::bit).sum());
        });
    }

    static Attributes attributes(ByteSource source) throws RegistryException {
        var className = source.readText();
        var owner = source.readText();
        int count = source.readCount();
        var grants = new TreeMap<String, Set<KeyRight>>();
        for (int i = 0; i < count; i++) {
            var principal = source.readText();
            int bits = source.readCount();
            var rights = EnumSet.noneOf(KeyRight.class);
            for (var right : KeyRight.values()) {
                if ((bits & right.bit()) != 0) {
                    rights.add(right);
                }
            }
            grants.put(principal, rights);
        }
        return new Attributes(className, new KeySecurity(owner, grants));
    }

    /** What {@link #encode} has said, in parts as the log gives it back. */
    static List<KeyChange> decode(List<ByteBuffer> parts) throws RegistryException {
        var bytes = new byte[parts.stream().mapToInt(ByteBuffer::remaining).reduce(0, Math::addExact)];
        int at = 0;
        for (var part : parts) {
            int count = part.remaining();
            part.duplicate().get(bytes, at, count);
            at += count;
        }
        var changes = new ArrayList<KeyChange>();
        if (bytes.length == 0) {
            return changes;
        }
        var source = new ByteSource(bytes);
        int version = source.readByte();
        if (version != VERSION) {
            throw new RegistryException(
                    RegistryError.HIVE_CORRUPT,
                    "expected changes of version " + VERSION + ", found " + version + ": use a newer version");
        }
        while (source.hasRemaining()) {
            changes.add(change(source));
        }
        return changes;
    }

    private static KeyChange change(ByteSource source) throws RegistryException {
        int flags = source.readByte();
        long id = source.readLong();
        if ((flags & ~ALL_FLAGS) != 0 || id <= 0) {
            throw new RegistryException(
                    RegistryError.HIVE_CORRUPT, "expected a changed key, found flags " + flags + " and id " + id);
        }
        var change = new KeyChange(id);
        if ((flags & CREATED) != 0) {
            change.parent = source.readLong();
        }
        change.deleted = (flags & DELETED) != 0;
        if ((flags & NAMED) != 0) {
            change.name = source.readText();
        }
        if ((flags & ATTRIBUTES) != 0) {
            change.attributes = attributes(source);
        }
        change.written = source.readLong();
        int values = source.readCount();
        for (int i = 0; i < values; i++) {
            var name = source.readText();
            change.values.put(name, source.readByte() == 0 ? Optional.empty() : Optional.of(value(source, name)));
        }
        int children = source.readCount();
        for (int i = 0; i < children; i++) {
            var name = source.readText();
            change.children.put(
                    name, source.readByte() == 0 ? Optional.empty() : Optional.of(new Child(name, source.readLong())));
        }
        return change;
    }
}
