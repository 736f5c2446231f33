package dev.ktm.operator;

import dev.ktm.rm.BranchId;
import dev.ktm.rm.TransactionId;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON. Records become objects of their components, durations numbers of milliseconds whose name ends in {@code Millis};
 * times, ids and everything else that is not known here become texts, what is absent null.
 */
public final class Json {

    private static final int MOST_DEPTH = 32;
    private static final int FIRST_PRINTED = 0x20;

    private final StringBuilder text = new StringBuilder();

    private Json() {}

    /** The JSON of a value. */
    public static String of(@Nullable Object value) {
        var json = new Json();
        json.write(value, 0);
        return json.text.toString();
    }

    private void write(@Nullable Object given, int depth) {
        var value = unwrapped(given);
        if (depth > MOST_DEPTH) {
            throw new IllegalArgumentException("expected values that lie at most " + MOST_DEPTH + " deep");
        }
        if (value == null) {
            text.append("null");
        } else if (value instanceof Record each) {
            writeRecord(each, depth);
        } else if (value instanceof Map<?, ?> map) {
            writeMap(map, depth);
        } else if (value instanceof Iterable<?> all && !(value instanceof Path)) {
            writeAll(all, depth);
        } else if (value instanceof Boolean
                || value instanceof Byte
                || value instanceof Short
                || value instanceof Integer
                || value instanceof Long) {
            text.append(value);
        } else if (value instanceof Duration duration) {
            text.append(duration.toMillis());
        } else if (value instanceof Double number) {
            text.append(Double.isFinite(number) ? number.toString() : "null");
        } else {
            writeText(value instanceof Enum<?> constant ? constant.name() : value.toString());
        }
    }

    private static @Nullable Object unwrapped(@Nullable Object value) {
        if (value instanceof Optional<?> optional) {
            return optional.orElse(null);
        }
        if (value instanceof OptionalLong optional) {
            return optional.isPresent() ? optional.getAsLong() : null;
        }
        if (value instanceof OptionalInt optional) {
            return optional.isPresent() ? optional.getAsInt() : null;
        }
        return value;
    }

    private void writeRecord(Record value, int depth) {
        if (isIdentifier(value)) {
            writeText(value.toString());
            return;
        }
        text.append('{');
        boolean first = true;
        for (var component : value.getClass().getRecordComponents()) {
            Object content;
            try {
                content = component.getAccessor().invoke(value);
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalArgumentException("expected a public record, found " + value.getClass(), e);
            }
            boolean isDuration = component.getType() == Duration.class
                    || component.getGenericType().getTypeName().endsWith("<" + Duration.class.getName() + ">");
            first = writeName(component.getName() + (isDuration ? "Millis" : ""), first);
            write(content, depth + 1);
        }
        text.append('}');
    }

    /** Ids have a form of their own, which people copy. */
    private static boolean isIdentifier(Record value) {
        return value instanceof TransactionId || value instanceof BranchId;
    }

    private void writeMap(Map<?, ?> map, int depth) {
        text.append('{');
        boolean first = true;
        for (var entry : map.entrySet()) {
            boolean isDuration = entry.getValue() instanceof Duration;
            first = writeName(entry.getKey() + (isDuration ? "Millis" : ""), first);
            write(entry.getValue(), depth + 1);
        }
        text.append('}');
    }

    private boolean writeName(String name, boolean first) {
        if (!first) {
            text.append(',');
        }
        writeText(name);
        text.append(':');
        return false;
    }

    private void writeAll(Iterable<?> all, int depth) {
        text.append('[');
        boolean first = true;
        for (var each : all) {
            if (!first) {
                text.append(',');
            }
            first = false;
            write(each, depth + 1);
        }
        text.append(']');
    }

    private void writeText(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char each = value.charAt(i);
            switch (each) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    if (each < FIRST_PRINTED || Character.isISOControl(each) || isHalfAPair(value, i)) {
                        writeEscaped(each);
                    } else {
                        text.append(each);
                    }
                }
            }
        }
        text.append('"');
    }

    /** Half a surrogate pair has no bytes in UTF-8. */
    private static boolean isHalfAPair(String value, int index) {
        char each = value.charAt(index);
        if (Character.isHighSurrogate(each)) {
            return index + 1 == value.length() || !Character.isLowSurrogate(value.charAt(index + 1));
        }
        return Character.isLowSurrogate(each) && (index == 0 || !Character.isHighSurrogate(value.charAt(index - 1)));
    }

    private void writeEscaped(char each) {
        text.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            text.append(Character.forDigit((each >> shift) & 0xF, 16));
        }
    }
}
