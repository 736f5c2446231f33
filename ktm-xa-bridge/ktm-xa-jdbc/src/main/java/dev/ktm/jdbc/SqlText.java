package dev.ktm.jdbc;

import java.util.Set;

/**
 * Finds the statements that would end a transaction behind the transaction manager's back, or commit what was done so far. Looks at
 * the first words of each; what text in a string, a procedure or a block does is not seen.
 */
final class SqlText {

    private static final Set<String> ENDING =
            Set.of("COMMIT", "ROLLBACK", "ABORT", "END", "XA", "PREPARE", "START", "BEGIN");
    private static final Set<String> SCHEMA =
            Set.of("CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "GRANT", "REVOKE", "COMMENT", "ANALYZE");

    /** What commits in H2 beside changes of the schema. */
    private static final Set<String> H2_COMMITS =
            Set.of("SCRIPT", "RUNSCRIPT", "PREPARE", "DEALLOCATE", "REFRESH", "SHUTDOWN");
    /** What H2 sets without a commit. All else it commits for, whether it is of the session or of the database. */
    private static final Set<String> H2_SETS = Set.of(
            "LOCK_TIMEOUT",
            "TRACE_LEVEL_SYSTEM_OUT",
            "TRACE_LEVEL_FILE",
            "WRITE_DELAY",
            "THROTTLE",
            "SCHEMA",
            "SCHEMA_SEARCH_PATH",
            "QUERY_TIMEOUT",
            "RETENTION_TIME",
            "LAZY_QUERY_EXECUTION",
            "CATALOG",
            "NON_KEYWORDS",
            "TIME",
            "VARIABLE_BINARY",
            "TRUNCATE_LARGE_LENGTH",
            "BINARY_COLLATION",
            "UUID_COLLATION",
            // In its modes of PostgreSQL and MySQL.
            "SEARCH_PATH",
            "STATEMENT_TIMEOUT",
            "CLIENT_ENCODING",
            "DATESTYLE",
            "NAMES");
    /** What commits in MariaDB and MySQL beside changes of the schema. */
    private static final Set<String> MYSQL_COMMITS = Set.of(
            "LOCK",
            "UNLOCK",
            "OPTIMIZE",
            "REPAIR",
            "CHECK",
            "FLUSH",
            "RESET",
            "CACHE",
            "BACKUP",
            "INSTALL",
            "UNINSTALL",
            "START",
            "STOP",
            "CHANGE",
            "IMPORT");

    private final SqlWords words;
    private final DatabaseKind kind;
    private final boolean schemaChanges;
    private final boolean several;

    private SqlText(String sql, DatabaseKind kind, boolean schemaChanges) {
        this.words = new SqlWords(sql, kind);
        this.kind = kind;
        this.schemaChanges = schemaChanges;
        this.several = sql.indexOf(';') >= 0;
    }

    /**
     * The first words of a statement that ends a transaction, begins one, or commits; empty if there is none.
     *
     * @param kind which database reads it
     * @param schemaChanges whether statements that change the schema count as well
     */
    static String endOfTransaction(String sql, DatabaseKind kind, boolean schemaChanges) {
        return new SqlText(sql, kind, schemaChanges).find();
    }

    private String find() {
        boolean isFirst = true;
        do {
            var first = words.next();
            if (isSettingForAStatement(first)) {
                words.skipPast("FOR");
                first = words.next();
            }
            if (first.equals("SET")) {
                var found = settingThatCommits();
                if (!found.isEmpty()) {
                    return found;
                }
            } else if (ends(first, isFirst) || commits(first) || (schemaChanges && changesSchema(first))) {
                return first;
            }
            isFirst = false;
        } while (several && words.skipStatement());
        return "";
    }

    /** MariaDB's SET STATEMENT … FOR, with a statement. */
    private boolean isSettingForAStatement(String first) {
        return (kind == DatabaseKind.MARIADB || kind == DatabaseKind.MYSQL)
                && first.equals("SET")
                && words.peek(1).contains("STATEMENT");
    }

    /** Whether a statement that starts with this word ends a transaction; an END further on closes a block. */
    private boolean ends(String first, boolean isFirst) {
        if (!ENDING.contains(first)) {
            return false;
        }
        var following = words.peek(3);
        var second = following.get(0);
        return switch (first) {
            // ROLLBACK TO SAVEPOINT, and ROLLBACK WORK TO in some dialects.
            case "ROLLBACK" ->
                !second.equals("TO")
                        && !((second.equals("WORK") || second.equals("TRANSACTION"))
                                && following.get(1).equals("TO"));
            case "PREPARE", "START" -> second.equals("TRANSACTION");
            // Otherwise these belong to a block of a procedural language, which is not several statements.
            case "BEGIN" ->
                second.isEmpty() || second.equals("WORK") || second.equals("TRANSACTION") || second.equals("TRAN");
            case "END" -> second.equals("WORK") || second.equals("TRANSACTION") || (second.isEmpty() && isFirst);
            default -> true;
        };
    }

    private boolean commits(String first) {
        return switch (kind) {
            case H2 -> H2_COMMITS.contains(first);
            case MARIADB, MYSQL ->
                MYSQL_COMMITS.contains(first)
                        || (first.equals("LOAD") && words.peek(1).contains("INDEX"));
            case DERBY, POSTGRESQL, ORACLE, SQL_SERVER, DB2, HSQLDB, OTHER -> false;
        };
    }

    /** What a SET sets, if that commits. */
    private String settingThatCommits() {
        var rest = words.rest();
        var name = words.peek(1).get(0);
        if (rest.contains("AUTOCOMMIT")) {
            return "SET AUTOCOMMIT";
        }
        boolean commits = switch (kind) {
            case H2 -> !name.isEmpty() && !H2_SETS.contains(name);
            case MARIADB, MYSQL -> name.equals("PASSWORD") || name.equals("DEFAULT");
            case DERBY, HSQLDB, OTHER -> rest.contains("ISOLATION");
            case POSTGRESQL, ORACLE, SQL_SERVER, DB2 -> false;
        };
        return commits ? "SET " + (rest.contains("ISOLATION") ? "ISOLATION" : name) : "";
    }

    private boolean changesSchema(String first) {
        if (!SCHEMA.contains(first)) {
            return false;
        }
        return switch (kind) {
            case H2 -> !(first.equals("CREATE") && isOfTheTransaction());
            case MARIADB, MYSQL -> !isOfTheSession(first);
            case DERBY, POSTGRESQL, ORACLE, SQL_SERVER, DB2, HSQLDB, OTHER -> true;
        };
    }

    /** H2 commits for temporary tables as well, unless told not to: CREATE LOCAL TEMPORARY TABLE … TRANSACTIONAL. */
    private boolean isOfTheTransaction() {
        var rest = words.rest();
        int told = rest.indexOf("TRANSACTIONAL");
        int query = rest.indexOf("AS");
        return (rest.contains("TEMPORARY") || rest.contains("TEMP")) && told > 1 && (query < 0 || told < query);
    }

    private boolean isOfTheSession(String first) {
        var following = words.peek(3);
        return switch (first) {
            case "CREATE" ->
                following.get(0).equals("TEMPORARY")
                        || (following.get(0).equals("OR") && following.get(2).equals("TEMPORARY"));
            case "DROP" -> following.get(0).equals("TEMPORARY");
            // Otherwise it explains a query.
            case "ANALYZE" -> !Set.of("TABLE", "LOCAL", "NO_WRITE_TO_BINLOG").contains(following.get(0));
            default -> false;
        };
    }
}
