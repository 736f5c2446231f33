package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Principal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The redo of a transaction: the number of steps (4 bytes), then each as a kind (1 byte) and its fields in the order of its record,
 * big-endian. Texts and bytes are their length in bytes (4) and themselves; attributes are their number (4), then name, type (1) and
 * value of each. What was seen is its kind (1), key, size (8), time (8) and target; what may have been nothing begins with whether it
 * was something (1). The log checks that it is whole.
 */
final class StepFormat {

    private static final byte PUT = 1;
    private static final byte OVERWRITE = 2;
    private static final byte DELETE = 3;
    private static final byte MAKE_DIRECTORY = 4;
    private static final byte MAKE_LINK = 5;
    private static final byte SET_ATTRIBUTES = 6;
    private static final byte MOVE = 7;
    private static final byte ADD_NAME = 8;

    private static final byte FILE = 1;
    private static final byte DIRECTORY = 2;
    private static final byte LINK = 3;
    private static final byte OTHER = 4;

    private static final byte TIME = 1;
    private static final byte PERMISSIONS = 2;
    private static final byte TEXT = 3;
    private static final byte BYTES = 4;
    private static final byte TRUTH = 5;
    private static final byte NUMBER = 6;
    private static final byte REMOVED = 7;

    private StepFormat() {}

    static ByteBuffer encode(List<Step> steps) throws IOException {
        var bytes = new ByteArrayOutputStream(256);
        var out = new DataOutputStream(bytes);
        out.writeInt(steps.size());
        for (var step : steps) {
            encode(step, out);
        }
        return ByteBuffer.wrap(bytes.toByteArray());
    }

    private static void encode(Step step, DataOutputStream out) throws IOException {
        if (step instanceof Step.Put put) {
            out.writeByte(PUT);
            write(out, put.name());
            write(out, put.before());
            write(out, put.work());
            write(out, put.made());
            out.writeBoolean(put.inline().isPresent());
            if (put.inline().isPresent()) {
                write(out, put.inline().get());
            }
            write(out, put.attributes());
        } else if (step instanceof Step.Overwrite overwrite) {
            out.writeByte(OVERWRITE);
            write(out, overwrite.name());
            write(out, overwrite.was());
            write(out, overwrite.work());
            write(out, overwrite.attributes());
        } else if (step instanceof Step.Delete delete) {
            out.writeByte(DELETE);
            write(out, delete.name());
            write(out, delete.was());
        } else if (step instanceof Step.MakeDirectory directory) {
            out.writeByte(MAKE_DIRECTORY);
            write(out, directory.name());
            write(out, directory.attributes());
        } else if (step instanceof Step.MakeLink link) {
            out.writeByte(MAKE_LINK);
            write(out, link.name());
            write(out, link.before());
            write(out, link.target());
        } else if (step instanceof Step.SetAttributes set) {
            out.writeByte(SET_ATTRIBUTES);
            write(out, set.name());
            write(out, set.was());
            write(out, set.attributes());
        } else if (step instanceof Step.Move move) {
            out.writeByte(MOVE);
            write(out, move.from(), move.name());
            write(out, move.was());
            write(out, move.before());
        } else if (step instanceof Step.AddName added) {
            out.writeByte(ADD_NAME);
            write(out, added.existing(), added.name());
            write(out, added.was());
            write(out, added.before());
        }
    }

    private static void write(DataOutputStream out, Optional<Seen> seen) throws IOException {
        out.writeBoolean(seen.isPresent());
        if (seen.isPresent()) {
            write(out, seen.get());
        }
    }

    private static void write(DataOutputStream out, Seen seen) throws IOException {
        out.writeByte(
                switch (seen.kind()) {
                    case FILE -> FILE;
                    case DIRECTORY -> DIRECTORY;
                    case LINK -> LINK;
                    case OTHER -> OTHER;
                });
        write(out, seen.key());
        out.writeLong(seen.size());
        out.writeLong(seen.modifiedNanos());
        write(out, seen.target());
    }

    private static void write(DataOutputStream out, String... texts) throws IOException {
        for (var text : texts) {
            write(out, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void write(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static void write(DataOutputStream out, Map<String, Object> attributes) throws IOException {
        out.writeInt(attributes.size());
        for (var each : attributes.entrySet()) {
            write(out, each.getKey());
            writeValue(out, each.getKey(), each.getValue());
        }
    }

    private static void writeValue(DataOutputStream out, String name, Object value) throws IOException {
        if (value instanceof FileTime time) {
            out.writeByte(TIME);
            out.writeLong(time.to(TimeUnit.NANOSECONDS));
        } else if (value instanceof Set<?> permissions) {
            out.writeByte(PERMISSIONS);
            write(out, PosixFilePermissions.toString(permissions(permissions)));
        } else if (value instanceof Principal principal) {
            out.writeByte(TEXT);
            write(out, principal.getName());
        } else if (value instanceof String text) {
            out.writeByte(TEXT);
            write(out, text);
        } else if (value instanceof byte[] bytes) {
            out.writeByte(BYTES);
            write(out, bytes);
        } else if (value instanceof Boolean truth) {
            out.writeByte(TRUTH);
            out.writeBoolean(truth);
        } else if (value instanceof Integer number) {
            out.writeByte(NUMBER);
            out.writeInt(number);
        } else if (value == Attributes.Removed.REMOVED) {
            out.writeByte(REMOVED);
        } else {
            throw new TxfException(
                    TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                    null,
                    "expected a time, permissions, a principal, bytes or a truth value as attribute " + name
                            + ", found " + value.getClass().getName());
        }
    }

    static List<Step> decode(List<ByteBuffer> redo) throws IOException {
        var in = new DataInputStream(new Parts(redo));
        try {
            int count = in.readInt();
            if (count < 0) {
                throw corrupt("it has " + count + " steps");
            }
            var steps = new ArrayList<Step>();
            for (int i = 0; i < count; i++) {
                steps.add(decode(in));
            }
            if (in.available() > 0) {
                throw corrupt(in.available() + " bytes follow its last step: a newer version has written it");
            }
            return steps;
        } catch (EOFException e) {
            throw corrupt("it ends in the middle of a step");
        }
    }

    private static TxfException corrupt(String what) {
        return new TxfException(
                TxfError.RM_METADATA_CORRUPT, null, "expected the redo of a transaction, found that " + what);
    }

    private static Step decode(DataInputStream in) throws IOException {
        byte kind = in.readByte();
        return switch (kind) {
            case PUT ->
                new Step.Put(
                        text(in),
                        seenIfAny(in),
                        text(in),
                        seen(in),
                        in.readBoolean() ? Optional.of(bytes(in)) : Optional.empty(),
                        attributes(in));
            case OVERWRITE -> new Step.Overwrite(text(in), seen(in), text(in), attributes(in));
            case DELETE -> new Step.Delete(text(in), seen(in));
            case MAKE_DIRECTORY -> new Step.MakeDirectory(text(in), attributes(in));
            case MAKE_LINK -> new Step.MakeLink(text(in), seenIfAny(in), text(in));
            case SET_ATTRIBUTES -> new Step.SetAttributes(text(in), seen(in), attributes(in));
            case MOVE -> new Step.Move(text(in), text(in), seen(in), seenIfAny(in));
            case ADD_NAME -> new Step.AddName(text(in), text(in), seen(in), seenIfAny(in));
            default -> throw corrupt("a step is of kind " + kind + ": a newer version has written it");
        };
    }

    private static Optional<Seen> seenIfAny(DataInputStream in) throws IOException {
        return in.readBoolean() ? Optional.of(seen(in)) : Optional.empty();
    }

    private static Seen seen(DataInputStream in) throws IOException {
        byte kind = in.readByte();
        return new Seen(
                switch (kind) {
                    case FILE -> Kind.FILE;
                    case DIRECTORY -> Kind.DIRECTORY;
                    case LINK -> Kind.LINK;
                    case OTHER -> Kind.OTHER;
                    default -> throw corrupt("an object is of kind " + kind);
                },
                text(in),
                in.readLong(),
                in.readLong(),
                text(in));
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(bytes(in), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw corrupt("a field is " + length + " bytes long, of " + in.available() + " that are left");
        }
        var bytes = new byte[length];
        in.readFully(bytes);
        return bytes;
    }

    private static Map<String, Object> attributes(DataInputStream in) throws IOException {
        int count = in.readInt();
        var attributes = new LinkedHashMap<String, Object>();
        for (int i = 0; i < count; i++) {
            attributes.put(text(in), value(in));
        }
        return attributes;
    }

    private static Object value(DataInputStream in) throws IOException {
        byte type = in.readByte();
        return switch (type) {
            case TIME -> FileTime.from(in.readLong(), TimeUnit.NANOSECONDS);
            case PERMISSIONS -> PosixFilePermissions.fromString(text(in));
            case TEXT -> text(in);
            case BYTES -> bytes(in);
            case TRUTH -> in.readBoolean();
            case NUMBER -> in.readInt();
            case REMOVED -> Attributes.Removed.REMOVED;
            default -> throw corrupt("an attribute is of type " + type);
        };
    }

    private static Set<PosixFilePermission> permissions(Set<?> set) {
        var all = EnumSet.noneOf(PosixFilePermission.class);
        set.forEach(each -> all.add((PosixFilePermission) each));
        return all;
    }

    /** The parts of a redo, one after another. */
    private static final class Parts extends InputStream {
        private final List<ByteBuffer> parts;
        private int next;
        private ByteBuffer part = ByteBuffer.allocate(0);

        Parts(List<ByteBuffer> parts) {
            this.parts = parts;
        }

        private boolean isAtEnd() {
            while (!part.hasRemaining() && next < parts.size()) {
                part = parts.get(next++).duplicate();
            }
            return !part.hasRemaining();
        }

        @Override
        public int read() {
            return isAtEnd() ? -1 : part.get() & 0xFF;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (length == 0) {
                return 0;
            }
            if (isAtEnd()) {
                return -1;
            }
            int count = Math.min(length, part.remaining());
            part.get(target, offset, count);
            return count;
        }

        @Override
        public int available() {
            long left = part.remaining();
            for (int i = next; i < parts.size(); i++) {
                left += parts.get(i).remaining();
            }
            return (int) Math.min(Integer.MAX_VALUE, left);
        }
    }
}
