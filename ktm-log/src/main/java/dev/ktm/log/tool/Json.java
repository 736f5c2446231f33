package dev.ktm.log.tool;

import java.util.Map;

/** Writes JSON of maps, lists, strings, numbers and truth values. ASCII only, so that no encoding can spoil it. */
final class Json {

    private Json() {}

    /** The text of a value. */
    static String of(Object value) {
        var text = new StringBuilder();
        append(text, value);
        return text.toString();
    }

    private static void append(StringBuilder text, Object value) {
        if (value instanceof Map<?, ?> map) {
            char before = '{';
            for (var entry : map.entrySet()) {
                text.append(before);
                append(text, String.valueOf(entry.getKey()));
                text.append(':');
                append(text, entry.getValue());
                before = ',';
            }
            text.append(before == '{' ? "{}" : "}");
        } else if (value instanceof Iterable<?> list) {
            char before = '[';
            for (var element : list) {
                text.append(before);
                append(text, element);
                before = ',';
            }
            text.append(before == '[' ? "[]" : "]");
        } else if (value instanceof Number || value instanceof Boolean) {
            text.append(value);
        } else {
            quote(text, value.toString());
        }
    }

    private static void quote(StringBuilder text, String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                var hex = Integer.toHexString(c);
                text.append("\\u").append("0".repeat(4 - hex.length())).append(hex);
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
