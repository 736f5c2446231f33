package dev.ktm.operator;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What an operator asks for.
 *
 * @param verb what is to be done; of an area, without its name
 * @param arguments with what, by name
 * @param who asks: in what is recorded
 */
public record OperatorRequest(String verb, Map<String, String> arguments, String who) {

    /** The longest request, in bytes, unless it imports something. */
    public static final int MOST_BYTES = 64 * 1024;

    /** The longest request that imports something, in bytes. */
    public static final int MOST_IMPORT_BYTES = 16 * 1024 * 1024;

    static final String PROTOCOL = "KTM/1";

    /** Copies the arguments. */
    public OperatorRequest {
        arguments = Map.copyOf(arguments);
    }

    /** An argument; empty if it was not given. */
    public Optional<String> argument(String name) {
        return Optional.ofNullable(arguments.get(name));
    }

    /**
     * An argument that is needed.
     *
     * @throws OperatorException if it was not given, or is blank
     */
    public String require(String name) throws OperatorException {
        return argument(name)
                .filter(value -> !value.isBlank())
                .orElseThrow(() -> new OperatorException(
                        OperatorException.Code.USAGE,
                        "expected an argument \"" + name + "\" of " + verb + ", found "
                                + (arguments.containsKey(name) ? "a blank one" : "none")));
    }

    /** The lines of a request, with the empty one that ends it. */
    static String format(String verb, Map<String, String> arguments) {
        var text = new StringBuilder();
        text.append(PROTOCOL).append(' ').append(verb).append('\n');
        arguments.forEach((name, value) ->
                text.append(name).append(": ").append(escape(value)).append('\n'));
        return text.append('\n').toString();
    }

    /**
     * Reads the lines of a request.
     *
     * @param who sends them
     * @throws OperatorException if they are none
     */
    static OperatorRequest parse(String text, String who) throws OperatorException {
        var lines = text.split("\n", -1);
        if (!lines[0].startsWith(PROTOCOL + " ")) {
            throw malformed("a first line \"" + PROTOCOL + " <verb>\"", lines[0]);
        }
        var verb = lines[0].substring(PROTOCOL.length() + 1).strip();
        if (!verb.matches("[a-z][a-z0-9.-]{0,63}")) {
            throw malformed("a verb of small letters, digits, dots and hyphens", verb);
        }
        var arguments = new LinkedHashMap<String, String>();
        for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
            int colon = lines[i].indexOf(": ");
            if (colon < 1 || !lines[i].substring(0, colon).matches("[A-Za-z][A-Za-z0-9-]{0,63}")) {
                throw malformed("lines \"name: value\"", lines[i]);
            }
            if (arguments.put(lines[i].substring(0, colon), unescape(lines[i].substring(colon + 2))) != null) {
                throw malformed("each argument once", lines[i]);
            }
        }
        return new OperatorRequest(verb, arguments, who);
    }

    private static OperatorException malformed(String expected, String found) {
        var shown = Visible.text(found.length() > 100 ? found.substring(0, 100) + "…" : found);
        return new OperatorException(
                OperatorException.Code.USAGE, "expected " + expected + ", found \"" + shown + "\"");
    }

    private static String escape(String value) {
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    private static String unescape(String value) throws OperatorException {
        if (value.indexOf('\\') < 0) {
            return value;
        }
        var text = new StringBuilder(value.length());
        boolean isEscaped = false;
        for (int i = 0; i < value.length(); i++) {
            char each = value.charAt(i);
            if (!isEscaped && each == '\\') {
                isEscaped = true;
            } else {
                text.append(isEscaped ? meant(each) : each);
                isEscaped = false;
            }
        }
        if (isEscaped) {
            throw malformed("something behind a backslash", "\\");
        }
        return text.toString();
    }

    private static char meant(char escaped) throws OperatorException {
        return switch (escaped) {
            case '\\' -> '\\';
            case 'n' -> '\n';
            case 'r' -> '\r';
            default -> throw malformed("\\\\, \\n or \\r behind a backslash", "\\" + escaped);
        };
    }

    /** The same request of an area. */
    OperatorRequest withVerb(String other) {
        return new OperatorRequest(other, arguments, who);
    }
}
