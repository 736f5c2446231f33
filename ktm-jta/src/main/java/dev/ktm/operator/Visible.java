package dev.ktm.operator;

/** Text that can do nothing but be read: what others have sent must not steer a terminal or forge a line of a log. */
final class Visible {

    private Visible() {}

    /** The same, with a question mark for what is not printed. */
    static String text(String text) {
        var visible = new StringBuilder(text.length());
        text.codePoints().forEach(each -> visible.appendCodePoint(isPrinted(each) ? each : '?'));
        return visible.toString();
    }

    private static boolean isPrinted(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
