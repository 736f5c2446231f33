package dev.ktm.registry;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** A value of a key: its name (empty for the default value), its type, and its bytes as they were given. Immutable. */
public final class RegistryValue implements Entries.Named {

    private final String name;
    private final ValueType type;
    private final byte[] data;

    private RegistryValue(String name, ValueType type, byte[] data) {
        this.name = Objects.requireNonNull(name);
        this.type = Objects.requireNonNull(type);
        this.data = data;
    }

    /** A value of any type; the bytes are copied and need not make sense for it. */
    public static RegistryValue of(String name, ValueType type, byte[] data) {
        return new RegistryValue(name, type, data.clone());
    }

    /** As {@link #of}, of bytes that nobody else has. */
    static RegistryValue owning(String name, ValueType type, byte[] data) {
        return new RegistryValue(name, type, data);
    }

    /** Text, with a terminator. */
    public static RegistryValue string(String name, String text) {
        return new RegistryValue(name, ValueType.SZ, terminated(text));
    }

    /** Text with references to environment variables, with a terminator. */
    public static RegistryValue expandString(String name, String text) {
        return new RegistryValue(name, ValueType.EXPAND_SZ, terminated(text));
    }

    /**
     * Texts.
     *
     * @throws IllegalArgumentException if one is empty: such a list ends there
     */
    public static RegistryValue strings(String name, List<String> texts) {
        var all = new StringBuilder();
        for (var text : texts) {
            if (text.isEmpty() || text.indexOf('\0') >= 0) {
                throw new IllegalArgumentException(
                        "expected texts that are not empty and have no terminator inside, found " + texts);
            }
            all.append(text).append('\0');
        }
        return new RegistryValue(name, ValueType.MULTI_SZ, terminated(all.toString()));
    }

    /** Bytes. */
    public static RegistryValue binary(String name, byte[] data) {
        return of(name, ValueType.BINARY, data);
    }

    /** 32 bits. */
    public static RegistryValue dword(String name, int number) {
        return new RegistryValue(
                name, ValueType.DWORD, buffer(Integer.BYTES).putInt(number).array());
    }

    /** 64 bits. */
    public static RegistryValue qword(String name, long number) {
        return new RegistryValue(
                name, ValueType.QWORD, buffer(Long.BYTES).putLong(number).array());
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] terminated(String text) {
        return RegText.wide(text + '\0');
    }

    /** Its name as it was given first; empty for the default value of the key. */
    @Override
    public String name() {
        return name;
    }

    /** What it is said to be. */
    public ValueType type() {
        return type;
    }

    /** A copy of its bytes. */
    public byte[] data() {
        return data.clone();
    }

    /** Its bytes, which nobody may change. */
    byte[] bytes() {
        return data;
    }

    /** The same under another name. */
    RegistryValue named(String other) {
        return other.equals(name) ? this : new RegistryValue(other, type, data);
    }

    /** Its text up to the first terminator; empty if the type is none of a text. */
    public Optional<String> asString() {
        return switch (type) {
            case SZ, EXPAND_SZ, LINK -> {
                var text = text();
                int end = text.indexOf('\0');
                yield Optional.of(end < 0 ? text : text.substring(0, end));
            }
            default -> Optional.empty();
        };
    }

    /** Its texts; none if the type is another. */
    public List<String> asStrings() {
        if (type != ValueType.MULTI_SZ) {
            return List.of();
        }
        var texts = new ArrayList<String>();
        var text = text();
        for (int at = 0; at < text.length(); ) {
            int end = text.indexOf('\0', at);
            int next = end < 0 ? text.length() : end;
            if (next == at) {
                break;
            }
            texts.add(text.substring(at, next));
            at = next + 1;
        }
        return texts;
    }

    /** All of its whole UTF-16 units. */
    String text() {
        return RegText.narrow(data, 0);
    }

    /** Its number; empty if the type is none of 32 bits, or the data are not. */
    public OptionalInt asInt() {
        if (data.length != Integer.BYTES) {
            return OptionalInt.empty();
        }
        return switch (type) {
            case DWORD ->
                OptionalInt.of(
                        ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getInt());
            case DWORD_BIG_ENDIAN ->
                OptionalInt.of(ByteBuffer.wrap(data).order(ByteOrder.BIG_ENDIAN).getInt());
            default -> OptionalInt.empty();
        };
    }

    /** Its number; empty if the type is none of 64 bits, or the data are not. */
    public OptionalLong asLong() {
        return type == ValueType.QWORD && data.length == Long.BYTES
                ? OptionalLong.of(
                        ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getLong())
                : OptionalLong.empty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RegistryValue value
                && value.type == type
                && value.name.equals(name)
                && Arrays.equals(value.data, data);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, type, Arrays.hashCode(data));
    }

    @Override
    public String toString() {
        var shown = asString().map(text -> "\"" + Names.shortened(text) + "\"").orElse(data.length + " bytes");
        return "\"" + Names.shortened(name) + "\" " + type + " " + shown;
    }
}
