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
                "END; INSERT INTO t VALUES (1)",
                "END /* all of it */ ; SELECT 1",
                "BEGIN; DELETE FROM t",
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
                "{ COMMIT }",
                "SET AUTOCOMMIT TRUE",
                "set session autocommit = 1",
                "SET @x = 1, autocommit = 1",
                "SELECT 1; SET AUTOCOMMIT ON"
            })
    void theseDo(String sql) {
        for (var kind : DatabaseKind.values()) {
            assertThat(SqlText.endOfTransaction(sql, kind, false))
                    .as("in " + kind)
                    .isNotEmpty();
        }
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
                "SET SCHEMA autocommitted",
                "SET @x = 'autocommit'",
                "SET @x = (SELECT autocommit FROM settings)",
                "UPDATE t SET autocommit = 1",
                "COMMIT_ALL",
                "BEGIN INSERT INTO t VALUES (1); END;",
                "BEGIN ATOMIC DECLARE x INT; END",
                "SELECT $1",
                "SELECT 1 /*",
                "CREATE TABLE t (id INT)"
            })
    void theseDoNot(String sql) {
        for (var kind : DatabaseKind.values()) {
            assertThat(SqlText.endOfTransaction(sql, kind, false))
                    .as("in " + kind)
                    .isEmpty();
        }
    }

    /** As each was seen to. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE LOCAL TEMPORARY TABLE t (id INT)",
                "CREATE TEMP TABLE t (id INT)",
                "CREATE LOCAL TEMPORARY TABLE t (transactional INT)",
                "CREATE LOCAL TEMPORARY TABLE t AS SELECT 1 AS transactional",
                "CREATE TABLE transactional (id INT)",
                "DROP TABLE t",
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "SET REFERENTIAL_INTEGRITY FALSE",
                "SET MODE MySQL",
                "SET DB_CLOSE_DELAY -1",
                "SCRIPT TO 'file'",
                "RUNSCRIPT FROM 'file'",
                "PREPARE plan AS SELECT 1",
                "DEALLOCATE PLAN plan",
                "REFRESH MATERIALIZED VIEW v",
                "// a comment\nCOMMIT",
                "SELECT 'a\\'; COMMIT; --'"
            })
    void theseDoInH2(String sql) {
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.H2, true)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE LOCAL TEMPORARY TABLE t (id INT) TRANSACTIONAL",
                "CREATE LOCAL TEMPORARY TABLE t (id INT) ON COMMIT DROP TRANSACTIONAL",
                "CREATE GLOBAL TEMPORARY TABLE t (id INT) TRANSACTIONAL AS SELECT 1",
                "SET @x = 1",
                "SET LOCK_TIMEOUT 100",
                "SET SCHEMA_SEARCH_PATH PUBLIC",
                "SET TIME ZONE 'UTC'"
            })
    void theseDoNotInH2(String sql) {
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.H2, true)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LOCK TABLES t WRITE",
                "UNLOCK TABLES",
                "OPTIMIZE TABLE t",
                "REPAIR TABLE t",
                "CHECK TABLE t",
                "ANALYZE LOCAL TABLE t",
                "FLUSH STATUS",
                "RESET QUERY CACHE",
                "CACHE INDEX t IN hot",
                "LOAD INDEX INTO CACHE t",
                "SET PASSWORD = PASSWORD('x')",
                "SET DEFAULT ROLE NONE",
                "SET `autocommit` = 1",
                "SET @@session.autocommit := 1",
                "SET STATEMENT max_statement_time = 10 FOR CREATE TABLE t (id INT)",
                "SET STATEMENT sql_mode = 'FOR SELECT' FOR COMMIT",
                "START REPLICA",
                "BACKUP STAGE START",
                "INSTALL PLUGIN x SONAME 'y'",
                "CREATE OR REPLACE TABLE t (id INT)",
                "DROP TABLE t",
                "/*! COMMIT */",
                "/*!50000 COMMIT */",
                "/*M!100000 COMMIT */",
                "# a comment\nCOMMIT",
                "SELECT 5--1; COMMIT",
                "SELECT 'a\\'; COMMIT; --'; COMMIT"
            })
    void theseDoInMariaDbAndMySql(String sql) {
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.MARIADB, true)).isNotEmpty();
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.MYSQL, true)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TEMPORARY TABLE t (id INT)",
                "CREATE OR REPLACE TEMPORARY TABLE t (id INT)",
                "DROP TEMPORARY TABLE t",
                "INSERT INTO n VALUES ('don\\'t; drop that')",
                "INSERT INTO n VALUES (\"don\\\"t; drop that\")",
                "ANALYZE SELECT 1",
                "LOAD DATA INFILE 'file' INTO TABLE t",
                "CHECKSUM TABLE t",
                "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "SET STATEMENT max_statement_time = 10 FOR SELECT 1",
                "SELECT 1 -- ; COMMIT",
                "SELECT 1 # ; COMMIT"
            })
    void theseDoNotInMariaDbAndMySql(String sql) {
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.MARIADB, true)).isEmpty();
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.MYSQL, true)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"SET ISOLATION RS", "SET CURRENT ISOLATION = SERIALIZABLE", "set /* x */ isolation to reset"})
    void theseDoInDerby(String sql) {
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.DERBY, false)).isNotEmpty();
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.OTHER, false)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT E'don\\'t; COMMIT'",
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "PREPARE plan AS SELECT 1",
                "CREATE TEMPORARY TABLE t (id INT)",
                "LOCK TABLE t"
            })
    void theseDoNotInPostgreSql(String sql) {
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.POSTGRESQL, false))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT 'a\\'; COMMIT", "SELECT TYPE'a\\'; COMMIT"})
    void aBackslashIsOneWhereItEscapesNothing(String sql) {
        assertThat(SqlText.endOfTransaction(sql, DatabaseKind.POSTGRESQL, false))
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE t (id INT)",
                "drop index i",
                "TRUNCATE TABLE t",
                "SELECT 1; alter table t add x INT",
                "CREATE TEMPORARY TABLE t (id INT) ENGINE = x; DROP TABLE u"
            })
    void theseDoWhereAChangeOfTheSchemaCommits(String sql) {
        for (var kind : DatabaseKind.values()) {
            assertThat(SqlText.endOfTransaction(sql, kind, true))
                    .as("in " + kind)
                    .isNotEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INSERT INTO t VALUES ('DROP TABLE t')", "SELECT creation FROM t"})
    void theseDoNotAnywhere(String sql) {
        for (var kind : DatabaseKind.values()) {
            assertThat(SqlText.endOfTransaction(sql, kind, true))
                    .as("in " + kind)
                    .isEmpty();
        }
    }
}
