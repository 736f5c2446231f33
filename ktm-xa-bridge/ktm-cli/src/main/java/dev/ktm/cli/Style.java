package dev.ktm.cli;

/** How a piece of text looks on a terminal that has colours. */
enum Style {
    PLAIN(""),
    HEADER("1"),
    FAINT("2"),
    GOOD("32"),
    WARNING("33"),
    BAD("31;1");

    private final String codes;

    Style(String codes) {
        this.codes = codes;
    }

    String of(String text, boolean coloured) {
        return !coloured || codes.isEmpty() || text.isBlank() ? text : "\u001B[" + codes + "m" + text + "\u001B[0m";
    }
}
