package dev.ktm.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads the words of SQL, past comments and what is quoted. Databases differ in what these are: MariaDB and MySQL run what is in
 * comments of one kind, and escape quotes with a backslash. Knows nothing else of the language.
 */
final class SqlWords {

    private static final int LONGEST_WORD = 32;

    private final String sql;
    private final DatabaseKind kind;
    private int at;

    SqlWords(String sql, DatabaseKind kind) {
        this.sql = sql;
        this.kind = kind;
    }

    private boolean isMySql() {
        return kind == DatabaseKind.MARIADB || kind == DatabaseKind.MYSQL;
    }

    /** The next word in capitals; empty if something else comes next, or a word too long to be meant. */
    String next() {
        skipBlanks();
        return word();
    }

    /** What {@link #next} would give, and then again; empty once the statement has ended. */
    List<String> peek(int count) {
        int start = at;
        var words = new ArrayList<String>(count);
        for (int i = 0; i < count; i++) {
            words.add(isAtEndOfStatement() ? "" : next());
        }
        at = start;
        return words;
    }

    private boolean isAtEndOfStatement() {
        while (at < sql.length() && (Character.isWhitespace(sql.charAt(at)) || skipComment())) {
            if (at < sql.length() && Character.isWhitespace(sql.charAt(at))) {
                at++;
            }
        }
        return at < sql.length() && sql.charAt(at) == ';';
    }

    /** The words up to the end of the statement that are not in parentheses, and stay to be read. */
    List<String> rest() {
        int start = at;
        int depth = 0;
        var words = new ArrayList<String>();
        while (at < sql.length() && sql.charAt(at) != ';') {
            char next = sql.charAt(at);
            if (Character.isLetter(next)) {
                var word = word();
                if (depth == 0) {
                    words.add(word);
                }
            } else if (next == '`' && isMySql()) {
                // Around a name that means the same without.
                at++;
            } else if (!skipQuotedOrComment()) {
                depth += next == '(' ? 1 : next == ')' ? -1 : 0;
                at++;
            }
        }
        at = start;
        return words;
    }

    /** Goes behind the next word that is this one, or to the end of the statement. */
    void skipPast(String wanted) {
        while (at < sql.length() && sql.charAt(at) != ';') {
            if (Character.isLetter(sql.charAt(at))) {
                if (word().equals(wanted)) {
                    return;
                }
            } else if (!skipQuotedOrComment()) {
                at++;
            }
        }
    }

    private String word() {
        int start = at;
        while (at < sql.length() && isOfWord(sql.charAt(at), at > start)) {
            at++;
        }
        return at - start > LONGEST_WORD ? "" : sql.substring(start, at).toUpperCase(Locale.ROOT);
    }

    private static boolean isOfWord(char each, boolean further) {
        return Character.isLetter(each) || (further && (each == '_' || Character.isDigit(each)));
    }

    private void skipBlanks() {
        while (at < sql.length()) {
            char next = sql.charAt(at);
            if (Character.isWhitespace(next) || next == ';' || next == '{' || next == '(') {
                at++;
            } else if (!skipComment()) {
                return;
            }
        }
    }

    private boolean skipComment() {
        if (sql.startsWith("--", at) && (!isMySql() || isBlank(at + 2))) {
            return skipTo(endAfter("\n", at + 2));
        }
        if (isMySql() ? sql.startsWith("#", at) : kind == DatabaseKind.H2 && sql.startsWith("//", at)) {
            return skipTo(endAfter("\n", at + 1));
        }
        if (isMySql() && (sql.startsWith("/*!", at) || sql.startsWith("/*M!", at))) {
            // What is inside is run.
            at = endAfter("!", at);
            while (at < sql.length() && Character.isDigit(sql.charAt(at))) {
                at++;
            }
            return true;
        }
        if (isMySql() && sql.startsWith("*/", at)) {
            return skipTo(at + 2);
        }
        return sql.startsWith("/*", at) && skipTo(endAfter("*/", at + 2));
    }

    private boolean skipTo(int position) {
        at = position;
        return true;
    }

    private boolean isBlank(int position) {
        return position >= sql.length() || sql.charAt(position) <= ' ';
    }

    private int endAfter(String end, int from) {
        int found = sql.indexOf(end, from);
        return found < 0 ? sql.length() : found + end.length();
    }

    /** Goes behind the next semicolon that separates statements; false if there is none. */
    boolean skipStatement() {
        while (at < sql.length()) {
            if (sql.charAt(at) == ';') {
                at++;
                return true;
            }
            if (!skipQuotedOrComment()) {
                at++;
            }
        }
        return false;
    }

    private boolean skipQuotedOrComment() {
        char next = sql.charAt(at);
        if (next == '\'' || next == '"' || next == '`') {
            return skipTo(hasEscapes(next) ? endAfterEscapes(next) : endAfter(String.valueOf(next), at + 1));
        }
        return next == '$' ? skipDollarQuoted() : skipComment();
    }

    /** Whether a backslash in front of a quote keeps it from being the end. */
    private boolean hasEscapes(char quote) {
        if (isMySql()) {
            return quote != '`';
        }
        // PostgreSQL's E'…'.
        return kind == DatabaseKind.POSTGRESQL
                && quote == '\''
                && at > 0
                && Character.toUpperCase(sql.charAt(at - 1)) == 'E'
                && (at == 1 || !isOfWord(sql.charAt(at - 2), true));
    }

    private int endAfterEscapes(char quote) {
        for (int end = at + 1; end < sql.length(); end++) {
            if (sql.charAt(end) == '\\') {
                end++;
            } else if (sql.charAt(end) == quote) {
                return end + 1;
            }
        }
        return sql.length();
    }

    /** Text between {@code $tag$} and {@code $tag$}, which PostgreSQL and H2 know. */
    private boolean skipDollarQuoted() {
        int end = at + 1;
        while (end < sql.length() && Character.isLetterOrDigit(sql.charAt(end))) {
            end++;
        }
        if (end >= sql.length() || sql.charAt(end) != '$') {
            return false;
        }
        var tag = sql.substring(at, end + 1);
        return skipTo(endAfter(tag, end + 1));
    }
}
