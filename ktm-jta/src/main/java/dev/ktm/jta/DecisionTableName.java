package dev.ktm.jta;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the table is called in which a last resource notes its decisions, and how it is made.
 *
 * @param text the name, with its schema in front if the connections are not in that
 */
public record DecisionTableName(String text) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)?");

    /** What it is called unless somebody says otherwise. */
    public static final DecisionTableName DEFAULT = new DecisionTableName("ktm_decision");

    /** The key is what makes an answer final. */
    static final String KEY = "PRIMARY KEY (manager_id, incarnation, sequence_number)";

    /** Refuses what is no name: it becomes part of statements. */
    public DecisionTableName {
        if (!NAME.matcher(text).matches()) {
            throw new IllegalArgumentException("expected the name of the table of decisions, as in "
                    + "ktm_decision or ledger.ktm_decision (letters,"
                    + " digits, _ and $, no quotes, at most one schema in front), found \"" + text
                    + "\": give the table such a name, or make a view or synonym that has one");
        }
    }

    /** The schema, if the name says it. */
    public Optional<String> schema() {
        int dot = text.indexOf('.');
        return dot < 0 ? Optional.empty() : Optional.of(text.substring(0, dot));
    }

    /** The name without the schema. */
    public String table() {
        return text.substring(text.indexOf('.') + 1);
    }

    /** The statement that makes it in most databases. */
    public String creation() {
        return creation("VARCHAR(36)", "BIGINT");
    }

    /** The statement that makes it, with what the database calls 36 characters and 64 bits. */
    public String creation(String characters, String number) {
        return "CREATE TABLE " + text + " (manager_id " + characters + " NOT NULL, incarnation " + number
                + " NOT NULL, sequence_number " + number + " NOT NULL, outcome CHAR(1) NOT NULL, " + KEY + ")";
    }

    @Override
    public String toString() {
        return text;
    }
}
