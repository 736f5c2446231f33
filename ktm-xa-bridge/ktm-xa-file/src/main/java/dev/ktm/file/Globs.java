package dev.ktm.file;

import java.util.regex.PatternSyntaxException;

/** Globs, as {@link java.nio.file.FileSystem#getPathMatcher} describes them, as regular expressions. */
final class Globs {

    private static final String SPECIAL_IN_REGEX = ".^$+{[]|()";

    private Globs() {}

    static String toRegex(String glob) {
        var regex = new StringBuilder();
        boolean inGroup = false;
        int i = 0;
        while (i < glob.length()) {
            char c = glob.charAt(i++);
            switch (c) {
                case '\\' -> {
                    if (i == glob.length()) {
                        throw new PatternSyntaxException("expected a character after a backslash", glob, i - 1);
                    }
                    literal(regex, glob.charAt(i++));
                }
                case '/' -> regex.append('/');
                case '[' -> i = bracket(regex, glob, i);
                case '{' -> {
                    if (inGroup) {
                        throw new PatternSyntaxException("expected no group in a group", glob, i - 1);
                    }
                    regex.append("(?:(?:");
                    inGroup = true;
                }
                case '}' -> {
                    regex.append(inGroup ? "))" : "\\}");
                    inGroup = false;
                }
                case ',' -> regex.append(inGroup ? ")|(?:" : ",");
                case '*' -> {
                    if (i < glob.length() && glob.charAt(i) == '*') {
                        regex.append(".*");
                        i++;
                    } else {
                        regex.append("[^/]*");
                    }
                }
                case '?' -> regex.append("[^/]");
                default -> literal(regex, c);
            }
        }
        if (inGroup) {
            throw new PatternSyntaxException("expected } at the end of a group", glob, glob.length());
        }
        return regex.toString();
    }

    private static void literal(StringBuilder regex, char c) {
        if (c == '\\' || c == '*' || c == '?' || c == '}' || SPECIAL_IN_REGEX.indexOf(c) >= 0) {
            regex.append('\\');
        }
        regex.append(c);
    }

    private static int bracket(StringBuilder regex, String glob, int start) {
        int i = start;
        regex.append("[[^/]&&[");
        if (i < glob.length() && glob.charAt(i) == '!') {
            regex.append('^');
            i++;
        }
        int first = i;
        while (i < glob.length() && (glob.charAt(i) != ']' || i == first)) {
            char c = glob.charAt(i++);
            if (c == '/') {
                throw new PatternSyntaxException("expected no slash in brackets", glob, i - 1);
            }
            if (c == '\\'
                    || c == '['
                    || c == ']'
                    || c == '^'
                    || (c == '&' && i < glob.length() && glob.charAt(i) == '&')) {
                regex.append('\\');
            }
            regex.append(c);
        }
        if (i == glob.length()) {
            throw new PatternSyntaxException("expected ] at the end of brackets", glob, i);
        }
        regex.append("]]");
        return i + 1;
    }
}
