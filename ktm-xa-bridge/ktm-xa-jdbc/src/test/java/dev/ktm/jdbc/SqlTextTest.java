package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which texts end a transaction. */
class SqlTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "COMMIT",
                "commit;",
                "  Commit Work",
                "-- a comment\ncommit",
                "/* one */ /* two */ ROLLBACK",
                "ROLLBACK WORK",
                "rollback and chain",
                "ABORT",
                "END",
                "END TRANSACTION",
                "BEGIN",
                "BEGIN TRAN",
                "START TRANSACTION READ ONLY",
                "XA COMMIT 'a'",
                "PREPARE TRANSACTION 'a'",
                "INSERT INTO t VALUES (1); COMMIT",
                "INSERT INTO t VALUES (';'); COMMIT",
                "INSERT INTO t VALUES ('it''s;'); /* ; */ rollback",
                "SELECT \"a;b\" FROM t;;COMMIT",
                "SELECT $$;commit$$; COMMIT",
                "SELECT $x$;$x$;commit",
                "{ COMMIT }"
            })
    void theseDo(String sql) {
        assertThat(SqlText.endOfTransaction(sql, false)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";",
                "SELECT 1",
                "ROLLBACK TO SAVEPOINT a",
                "ROLLBACK TO a",
                "rollback work to savepoint a",
                "SAVEPOINT a",
                "INSERT INTO t VALUES ('; COMMIT')",
                "SELECT 1 -- ; COMMIT",
                "SELECT 1 /* ; COMMIT */",
                "SELECT '; COMMIT",
                "SELECT $$; COMMIT$$",
                "UPDATE commit SET x = 1",
                "COMMITTED",
                "PREPARE plan AS SELECT 1",
                "START REPLICA",
                "BEGIN INSERT INTO t VALUES (1); END;",
                "BEGIN ATOMIC DECLARE x INT; END",
                "SELECT $1",
                "SELECT 1 /*",
                "CREATE TABLE t (id INT)"
            })
    void theseDoNot(String sql) {
        assertThat(SqlText.endOfTransaction(sql, false)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE t (id INT)",
                "drop index i",
                "TRUNCATE TABLE t",
                "SELECT 1; alter table t add x INT"
            })
    void theseDoWhereAChangeOfTheSchemaCommits(String sql) {
        assertThat(SqlText.endOfTransaction(sql, true)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TEMPORARY TABLE t (id INT)",
                "CREATE LOCAL TEMPORARY TABLE t (id INT)",
                "DROP TEMPORARY TABLE t",
                "INSERT INTO t VALUES ('DROP TABLE t')",
                "SELECT creation FROM t"
            })
    void theseDoNotAnywhere(String sql) {
        assertThat(SqlText.endOfTransaction(sql, true)).isEmpty();
    }
}
