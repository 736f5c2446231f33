package dev.ktm.jdbc;

import java.util.Locale;
import java.util.Set;

/**
 * Finds the statements that would end a transaction behind the transaction manager's back. Looks at the first words of each
 * statement and skips comments and what is quoted; knows nothing else of SQL.
 */
final class SqlText {

    private static final Set<String> ENDING =
            Set.of("COMMIT", "ROLLBACK", "ABORT", "END", "XA", "PREPARE", "START", "BEGIN");
    private static final Set<String> SCHEMA =
            Set.of("CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "GRANT", "REVOKE", "COMMENT", "ANALYZE");
    private static final int LONGEST_WORD = 16;

    private final String sql;
    private int at;

    private SqlText(String sql) {
        this.sql = sql;
    }

    /**
     * The first words of a statement that ends a transaction, or begins one; empty if there is none.
     *
     * @param schemaChanges whether statements that change the schema count as well
     */
    static String endOfTransaction(String sql, boolean schemaChanges) {
        return new SqlText(sql).find(schemaChanges);
    }

    private String find(boolean schemaChanges) {
        boolean several = sql.indexOf(';') >= 0;
        boolean isFirst = true;
        do {
            var first = word();
            if (ends(first, isFirst) || (schemaChanges && changesSchema(first))) {
                return first;
            }
            isFirst = false;
        } while (several && skipStatement());
        return "";
    }

    /** Whether a statement that starts with this word ends a transaction; an END further on closes a block. */
    private boolean ends(String first, boolean isFirst) {
        if (!ENDING.contains(first)) {
            return false;
        }
        int start = at;
        var second = word();
        at = start;
        return switch (first) {
            // ROLLBACK TO SAVEPOINT, and ROLLBACK WORK TO in some dialects.
            case "ROLLBACK" -> !second.equals("TO") && !followedByTo(second);
            case "PREPARE", "START" -> second.equals("TRANSACTION");
            // Otherwise these belong to a block of a procedural language, which is not several statements.
            case "BEGIN" ->
                second.isEmpty() || second.equals("WORK") || second.equals("TRANSACTION") || second.equals("TRAN");
            case "END" -> second.equals("WORK") || second.equals("TRANSACTION") || (second.isEmpty() && isFirst);
            default -> true;
        };
    }

    private boolean followedByTo(String second) {
        if (!second.equals("WORK") && !second.equals("TRANSACTION")) {
            return false;
        }
        int start = at;
        word();
        boolean to = word().equals("TO");
        at = start;
        return to;
    }

    private boolean changesSchema(String first) {
        if (!SCHEMA.contains(first)) {
            return false;
        }
        int start = at;
        boolean temporary = false;
        if (first.equals("CREATE") || first.equals("DROP")) {
            var second = word();
            // CREATE [LOCAL] TEMPORARY TABLE commits nothing.
            temporary = second.equals("TEMPORARY") || (second.equals("LOCAL") && word().equals("TEMPORARY"));
        }
        at = start;
        return !temporary;
    }

    /** The next word in capitals; empty if something else comes next, or a word too long to be meant. */
    private String word() {
        skipBlanks();
        int start = at;
        while (at < sql.length() && Character.isLetter(sql.charAt(at))) {
            at++;
        }
        return at - start > LONGEST_WORD ? "" : sql.substring(start, at).toUpperCase(Locale.ROOT);
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
        if (sql.startsWith("--", at)) {
            at = endAfter("\n", at + 2);
            return true;
        }
        if (sql.startsWith("/*", at)) {
            at = endAfter("*/", at + 2);
            return true;
        }
        return false;
    }

    private int endAfter(String end, int from) {
        int found = sql.indexOf(end, from);
        return found < 0 ? sql.length() : found + end.length();
    }

    /** Goes behind the next semicolon that separates statements; false if there is none. */
    private boolean skipStatement() {
        while (at < sql.length()) {
            char next = sql.charAt(at);
            if (next == ';') {
                at++;
                return true;
            }
            if (next == '\'' || next == '"' || next == '`') {
                at = endAfter(String.valueOf(next), at + 1);
            } else if (next == '$' && !skipDollarQuoted()) {
                at++;
            } else if (next != '$' && !skipComment()) {
                at++;
            }
        }
        return false;
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
        at = endAfter(tag, end + 1);
        return true;
    }
}
