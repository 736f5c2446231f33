package dev.ktm.registry;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes files of Windows' registry editor, as it writes them itself. */
final class RegExport {

    private static final String END = "\r\n";
    private static final int MOST_COLUMNS = 80;
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int BYTE = 0xff;

    /** Where keys are found. */
    private interface Keys {
        @Nullable
        Node node(long id);
    }

    private final RegFormat format;
    private final StringBuilder text = new StringBuilder();

    RegExport(RegFormat format) {
        this.format = format;
    }

    void write(RegistryKey key, String prefix, OutputStream out) throws IOException {
        text.append(format.header()).append(END);
        key.reading(this::append, prefix);
        out.write(RegText.encode(text(), format));
    }

    /** What is to be written. */
    String text() {
        return text.toString();
    }

    /** One hive, from a key on. */
    void append(Tree tree, @Nullable Draft draft, long id, String path) throws RegistryException {
        appendKey(draft == null ? tree::get : key -> draft.node(tree, key), id, path);
    }

    private void appendKey(Keys keys, long id, String path) throws RegistryException {
        var node = keys.node(id);
        if (node == null) {
            throw Hive.deleted();
        }
        if (path.isEmpty()) {
            throw new RegistryException(
                    RegistryError.INVALID_PARAMETER,
                    "expected a key with a name, found the root, which has none: give a prefix for it");
        }
        if (path.indexOf('\r') >= 0 || path.indexOf('\n') >= 0) {
            throw new RegistryException(
                    RegistryError.INVALID_PARAMETER,
                    "expected a path without ends of lines, found \"" + Names.shortened(path)
                            + "\": this format cannot say it");
        }
        text.append(END).append('[').append(path).append(']').append(END);
        for (var value : node.values().list()) {
            append(value);
        }
        for (var child : node.children().list()) {
            appendKey(keys, child.id(), path + "\\" + child.name());
        }
    }

    private void append(RegistryValue value) throws RegistryException {
        int start = text.length();
        if (value.name().isEmpty()) {
            text.append('@');
        } else {
            appendQuoted(value.name());
        }
        text.append('=');
        if (value.type() == ValueType.SZ && isPlainText(value)) {
            var all = value.text();
            appendQuoted(all.substring(0, all.length() - 1));
        } else if (value.type() == ValueType.DWORD && value.asInt().isPresent()) {
            text.append(String.format(Locale.ROOT, "dword:%08x", value.asInt().getAsInt()));
        } else {
            text.append(
                    value.type() == ValueType.BINARY
                            ? "hex:"
                            : "hex(" + Integer.toHexString(value.type().code()) + "):");
            appendBytes(narrowed(value), text.length() - start);
        }
        text.append(END);
    }

    /** Whether it is what a text in quotes stands for, and nothing else. */
    private static boolean isPlainText(RegistryValue value) {
        var all = value.text();
        if (value.bytes().length % Character.BYTES != 0 || !all.endsWith("\0")) {
            return false;
        }
        var shown = all.substring(0, all.length() - 1);
        return shown.chars().allMatch(unit -> unit >= FIRST_PRINTABLE)
                && new String(shown.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).equals(shown);
    }

    private void appendQuoted(String name) {
        text.append('"');
        for (int i = 0; i < name.length(); i++) {
            char unit = name.charAt(i);
            if (unit == '"' || unit == '\\') {
                text.append('\\');
            }
            text.append(unit);
        }
        text.append('"');
    }

    /** The older format has texts in code page 1252. */
    private byte[] narrowed(RegistryValue value) throws RegistryException {
        if (format != RegFormat.REGEDIT4) {
            return value.bytes();
        }
        return switch (value.type()) {
            case SZ, EXPAND_SZ, MULTI_SZ -> {
                if (value.bytes().length % Character.BYTES != 0) {
                    throw new RegistryException(
                            RegistryError.INVALID_PARAMETER,
                            "expected a text of whole characters, found value \"" + Names.shortened(value.name())
                                    + "\": export in version 5.00");
                }
                yield RegText.encode(value.text(), RegText.ANSI);
            }
            default -> value.bytes();
        };
    }

    private void appendBytes(byte[] bytes, int startColumn) {
        int column = startColumn;
        for (int i = 0; i < bytes.length; i++) {
            if (column + 4 > MOST_COLUMNS) {
                text.append('\\').append(END).append("  ");
                column = 2;
            }
            text.append(Character.forDigit((bytes[i] & BYTE) >>> 4, 16)).append(Character.forDigit(bytes[i] & 15, 16));
            if (i < bytes.length - 1) {
                text.append(',');
            }
            column += 3;
        }
    }
}
