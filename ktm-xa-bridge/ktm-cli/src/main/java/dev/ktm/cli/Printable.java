package dev.ktm.cli;

/** Text of others, made safe for a terminal. */
final class Printable {

    private Printable() {}

    /**
     * The text with every control character shown instead of obeyed: a description or a resource manager's message must not move
     * the cursor, forge a line, or turn what follows around.
     */
    static String line(String text) {
        StringBuilder safe = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isObeyed(c)) {
                if (safe == null) {
                    safe = new StringBuilder(text.length() + 16).append(text, 0, i);
                }
                safe.append(escaped(c));
            } else if (safe != null) {
                safe.append(c);
            }
        }
        return safe == null ? text : safe.toString();
    }

    private static boolean isObeyed(char c) {
        return Character.isISOControl(c) || Character.getType(c) == Character.FORMAT || c == '\u2028' || c == '\u2029';
    }

    private static String escaped(char c) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> {
                var hex = Integer.toHexString(c);
                yield "\\u" + "0".repeat(4 - hex.length()) + hex;
            }
        };
    }
}
