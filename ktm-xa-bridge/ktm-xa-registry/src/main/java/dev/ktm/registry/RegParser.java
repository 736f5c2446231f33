package dev.ktm.registry;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Reads files of Windows' registry editor: version 5.00 and REGEDIT4. What is not understood is refused with its line; nothing is
 * guessed.
 */
final class RegParser {

    private static final int HEX = 16;
    private static final int MOST_DWORD_DIGITS = 8;
    private static final int MOST_BYTE_DIGITS = 2;

    /** A value to be set, or, if it is empty, deleted. */
    record Entry(long line, String name, Optional<RegistryValue> value) {}

    /** A key to be made, with its entries, or to be deleted with all below it. */
    record Section(long line, String path, boolean isDeletion, List<Entry> entries) {}

    private final String text;
    private final boolean isAnsi;
    private int at;
    private long line = 1;

    private RegParser(String text, boolean isAnsi) {
        this.text = text;
        this.isAnsi = isAnsi;
    }

    static List<Section> parse(byte[] bytes) throws RegistryException {
        var text = RegText.decode(bytes);
        int end = endOfLine(text, 0);
        var header = text.substring(0, end).strip();
        boolean isAnsi = header.equals(RegFormat.REGEDIT4.header());
        if (!isAnsi && !header.equals(RegFormat.VERSION_5.header())) {
            throw failure(
                    1,
                    "\"" + RegFormat.VERSION_5.header() + "\" or \"" + RegFormat.REGEDIT4.header() + "\"",
                    "\"" + Names.shortened(header) + "\"");
        }
        var parser = new RegParser(text, isAnsi);
        parser.at = end;
        return parser.sections();
    }

    static RegistryException failure(long line, String expected, String found) {
        return new RegistryException(
                RegistryError.NOT_REGISTRY_FILE, "line " + line + ": expected " + expected + ", found " + found);
    }

    private RegistryException failure(String expected) {
        var rest = text.substring(at, endOfLine(text, at));
        return failure(line, expected, rest.isEmpty() ? "the end of the line" : "\"" + Names.shortened(rest) + "\"");
    }

    private static int endOfLine(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            if (text.charAt(i) == '\n' || text.charAt(i) == '\r') {
                return i;
            }
        }
        return text.length();
    }

    private List<Section> sections() throws RegistryException {
        var sections = new ArrayList<Section>();
        while (skipToContent()) {
            if (text.charAt(at) == '[') {
                sections.add(section());
            } else if (sections.isEmpty()) {
                throw failure("a key in brackets");
            } else {
                var section = sections.get(sections.size() - 1);
                if (section.isDeletion()) {
                    throw failure("no values of a key that is deleted");
                }
                section.entries().add(entry());
            }
        }
        return sections;
    }

    /** Skips empty lines and comments; says whether there is more. */
    private boolean skipToContent() {
        while (at < text.length()) {
            char next = text.charAt(at);
            if (next == ';') {
                at = endOfLine(text, at);
            } else if (Character.isWhitespace(next)) {
                step();
            } else {
                return true;
            }
        }
        return false;
    }

    /** One character on; counts the lines. */
    private char step() {
        char unit = text.charAt(at++);
        if (unit == '\n' || (unit == '\r' && (at == text.length() || text.charAt(at) != '\n'))) {
            line++;
        }
        return unit;
    }

    private Section section() throws RegistryException {
        int end = endOfLine(text, at);
        int close = text.lastIndexOf(']', end - 1);
        if (close <= at || !isRest(text.substring(close + 1, end))) {
            throw failure("a key in brackets");
        }
        var path = text.substring(at + 1, close);
        boolean isDeletion = path.startsWith("-");
        var key = isDeletion ? path.substring(1) : path;
        if (key.isEmpty()) {
            throw failure("the path of a key");
        }
        at = end;
        return new Section(line, key, isDeletion, new ArrayList<>());
    }

    /** Whether nothing is left of a line but a comment. */
    private static boolean isRest(String rest) {
        var stripped = rest.strip();
        return stripped.isEmpty() || stripped.startsWith(";");
    }

    private Entry entry() throws RegistryException {
        long first = line;
        String name = "";
        if (text.charAt(at) == '@') {
            at++;
        } else if (text.charAt(at) == '"') {
            name = quoted();
        } else {
            throw failure("a name in quotes, or @");
        }
        skipBlanks();
        if (!accept("=")) {
            throw failure("an equals sign");
        }
        skipBlanks();
        Optional<RegistryValue> value = accept("-") ? Optional.empty() : Optional.of(value(name));
        int end = endOfLine(text, at);
        if (!isRest(text.substring(at, end))) {
            throw failure("the end of the line");
        }
        at = end;
        return new Entry(first, name, value);
    }

    private void skipBlanks() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
    }

    private boolean accept(String expected) {
        if (!text.regionMatches(true, at, expected, 0, expected.length())) {
            return false;
        }
        at += expected.length();
        return true;
    }

    private String quoted() throws RegistryException {
        var found = new StringBuilder();
        long first = line;
        at++;
        while (at < text.length()) {
            char unit = step();
            if (unit == '"') {
                return found.toString();
            }
            found.append(unit == '\\' ? escaped() : unit);
        }
        throw failure(first, "a quote that ends what begins here", "the end of the file");
    }

    private char escaped() throws RegistryException {
        char unit = at < text.length() ? text.charAt(at) : '\0';
        char meant = switch (unit) {
            case '\\', '"' -> unit;
            case 'n' -> '\n';
            case 'r' -> '\r';
            default -> throw failure("a backslash or a quote behind a backslash");
        };
        at++;
        return meant;
    }

    private RegistryValue value(String name) throws RegistryException {
        if (at < text.length() && text.charAt(at) == '"') {
            return RegistryValue.string(name, quoted());
        }
        if (accept("dword:")) {
            skipBlanks();
            return RegistryValue.dword(name, (int) number(MOST_DWORD_DIGITS));
        }
        if (accept("hex:")) {
            return RegistryValue.owning(name, ValueType.BINARY, bytes());
        }
        if (accept("hex(")) {
            long code = number(MOST_DWORD_DIGITS);
            var type = ValueType.of((int) Math.min(code, Integer.MAX_VALUE));
            if (type.isEmpty() || !accept("):")) {
                throw failure("hex(0): to hex(b):");
            }
            long first = line;
            return RegistryValue.owning(name, type.get(), widened(first, type.get(), bytes()));
        }
        throw failure("a text in quotes, dword:, hex:, hex(n): or -");
    }

    /** The older format has texts in code page 1252. */
    private byte[] widened(long first, ValueType type, byte[] bytes) throws RegistryException {
        boolean isText = type == ValueType.SZ || type == ValueType.EXPAND_SZ || type == ValueType.MULTI_SZ;
        if (!isAnsi || !isText) {
            return bytes;
        }
        return RegText.wide(RegText.ansi(bytes)
                .orElseThrow(() -> failure(
                        first,
                        "bytes of text in " + RegText.ANSI,
                        "one that stands for nothing: 81, 8d, 8f, 90 or 9d")));
    }

    private long number(int mostDigits) throws RegistryException {
        int start = at;
        while (at < text.length() && at - start < mostDigits && Character.digit(text.charAt(at), HEX) >= 0) {
            at++;
        }
        if (at == start || (at < text.length() && Character.digit(text.charAt(at), HEX) >= 0)) {
            throw failure("1 to " + mostDigits + " hexadecimal digits");
        }
        try {
            return Long.parseLong(text.substring(start, at).toLowerCase(Locale.ROOT), HEX);
        } catch (NumberFormatException e) {
            throw failure("hexadecimal digits");
        }
    }

    private byte[] bytes() throws RegistryException {
        var found = new ByteArrayOutputStream();
        skipBlanksAndContinuations();
        while (at < text.length() && Character.digit(text.charAt(at), HEX) >= 0) {
            found.write((int) number(MOST_BYTE_DIGITS));
            skipBlanksAndContinuations();
            if (!accept(",")) {
                break;
            }
            skipBlanksAndContinuations();
        }
        return found.toByteArray();
    }

    private void skipBlanksAndContinuations() throws RegistryException {
        skipBlanks();
        while (at < text.length() && text.charAt(at) == '\\') {
            int end = endOfLine(text, at);
            if (!isRest(text.substring(at + 1, end))) {
                throw failure("the end of the line behind a backslash");
            }
            at = end;
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                step();
            }
        }
    }
}
