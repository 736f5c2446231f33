package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.sql.XADataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** How a connection lives through a transaction, on two databases that differ in nearly everything. */
@SuppressWarnings("NullAway.Init")
class TransactionalConnectionTest {

    /** What is tested with. */
    enum Database {
        H2 {
            @Override
            XADataSource open(String name) {
                return Databases.h2InMemory(name);
            }
        },
        DERBY {
            @Override
            XADataSource open(String name) {
                return Databases.derbyInMemory(name);
            }
        };

        abstract XADataSource open(String name);
    }

    private final Ktm ktm = Ktm.open(KtmOptions.builder()
            .inMemory()
            .recoveryInterval(Duration.ofHours(1))
            .build());
    private FaultyXaDataSource driver;
    private KtmDataSource source;
    /** Looks from outside. */
    private Connection observer;

    private void open(Database database) throws SQLException {
        var real = database.open("d" + UUID.randomUUID());
        observer = Databases.prepare(real);
        driver = new FaultyXaDataSource(real);
        source = KtmDataSource.builder(ktm, "entries")
                .source(driver)
                .pool(Databases.smallPool())
                .open();
    }

    @AfterEach
    void close() throws SQLException {
        source.close();
        ktm.close();
        observer.close();
    }

    private void begin() throws Exception {
        ktm.userTransaction().begin();
    }

    private void commit() throws Exception {
        ktm.userTransaction().commit();
    }

    private void assertNothingIsOut() {
        assertThat(source.pool().getActiveConnections()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void allThatATransactionTakesIsOneConnectionWhichGoesBackWithItsEnd(Database database) throws Exception {
        open(database);
        begin();
        Databases.insert(source, "a");
        Databases.insert(source, "b");
        var third = source.getConnection();
        Databases.insert(third, "c");
        assertThat(source.pool().getActiveConnections()).isOne();

        commit();

        assertNothingIsOut();
        assertThat(Databases.count(observer)).isEqualTo(3);
        assertThat(driver.calls().stream().filter("start"::equals)).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsRolledBackIsGoneAlthoughItsConnectionWasClosed(Database database) throws Exception {
        open(database);
        begin();
        Databases.insert(source, "a");

        ktm.userTransaction().rollback();

        assertNothingIsOut();
        assertThat(Databases.count(observer)).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatIsNotUsedIsNotEnlisted(Database database) throws Exception {
        open(database);
        begin();
        var connection = source.getConnection();
        assertThat(source.pool().getActiveConnections()).isZero();
        connection.close();

        commit();

        assertThat(driver.calls()).doesNotContain("start");
    }

    @ParameterizedTest
    @EnumSource
    void theEndOfTheTransactionIsNotForTheConnection(Database database) throws Exception {
        open(database);
        begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");

        Stream.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                        connection::commit,
                        connection::rollback,
                        () -> connection.rollback(null),
                        connection::setSavepoint,
                        () -> connection.setSavepoint("s"),
                        () -> connection.releaseSavepoint(null),
                        () -> connection.setAutoCommit(true))
                .forEach(call -> assertThatThrownBy(call)
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining("works for a transaction")
                        .hasMessageContaining("UserTransaction")
                        .hasFieldOrPropertyWithValue("SQLState", "2D000"));
        connection.setAutoCommit(false);
        assertThat(connection.getAutoCommit()).isFalse();
        ktm.userTransaction().rollback();

        assertThat(Databases.count(observer)).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void noTextMayEndTheTransactionEither(Database database) throws Exception {
        open(database);
        begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        var statement = connection.createStatement();

        assertThatThrownBy(() -> statement.execute("  /* now */ commit")).hasMessageContaining("found COMMIT");
        assertThatThrownBy(() -> connection.prepareStatement("ROLLBACK")).hasMessageContaining("found ROLLBACK");
        assertThatThrownBy(() -> statement.addBatch("INSERT INTO entries VALUES ('x;y'); COMMIT"))
                .hasMessageContaining("found COMMIT");
        ktm.userTransaction().rollback();

        assertThat(Databases.count(observer)).isZero();
    }

    @ParameterizedTest
    @EnumSource(value = Database.class, mode = Mode.INCLUDE, names = "H2")
    void whereAChangeOfTheSchemaCommitsItIsRefused(Database database) throws Exception {
        open(database);
        begin();
        Databases.insert(source, "a");

        try (var connection = source.getConnection();
                var statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.execute("CREATE TABLE other (id INT)"))
                    .hasMessageContaining("found CREATE");
            assertThatThrownBy(() -> statement.execute("CREATE LOCAL TEMPORARY TABLE other (id INT)"))
                    .hasMessageContaining("found CREATE");
            assertThatThrownBy(() -> statement.execute("SET AUTOCOMMIT TRUE"))
                    .hasMessageContaining("found SET AUTOCOMMIT");
            assertThatThrownBy(() -> statement.execute("SET REFERENTIAL_INTEGRITY FALSE"))
                    .hasMessageContaining("found SET REFERENTIAL_INTEGRITY");
            statement.execute("CREATE LOCAL TEMPORARY TABLE other (id INT) TRANSACTIONAL");
            statement.execute("SET LOCK_TIMEOUT 1000");
        }
        ktm.userTransaction().rollback();

        assertThat(Databases.count(observer)).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void afterATimeoutNothingSlipsThrough(Database database) throws Exception {
        open(database);
        ktm.transactionManager().setTransactionTimeout(1);
        begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        var earlier = connection.prepareStatement("INSERT INTO entries VALUES ('b')");
        var rows = connection.createStatement().executeQuery("SELECT name FROM entries");
        while (source.pool().getActiveConnections() > 0) {
            Thread.onSpinWait();
        }

        assertThatThrownBy(() -> Databases.insert(connection, "c"))
                .isInstanceOf(SQLTransactionRollbackException.class)
                .hasMessageContaining("was rolled back")
                .hasMessageContaining("close it");
        assertThatThrownBy(() -> Databases.insert(source, "d")).isInstanceOf(SQLTransactionRollbackException.class);
        assertThatThrownBy(earlier::executeUpdate).isInstanceOf(SQLException.class);
        assertThatThrownBy(rows::next).isInstanceOf(SQLException.class);
        assertThat(connection.isValid(1)).isFalse();
        connection.close();
        assertThatThrownBy(this::commit).isInstanceOf(jakarta.transaction.RollbackException.class);

        assertThat(Databases.count(observer)).isZero();
        Databases.insert(source, "later");
        assertThat(Databases.contains(observer, "later")).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void statementsEndWithTheTransactionAndWithTheirConnection(Database database) throws Exception {
        open(database);
        begin();
        var first = source.getConnection();
        var ofFirst = first.createStatement();
        var second = source.getConnection();
        var ofSecond = second.createStatement();

        first.close();

        assertThat(ofFirst.isClosed()).isTrue();
        assertThat(ofSecond.isClosed()).isFalse();
        commit();
        assertThat(ofSecond.isClosed()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void everyWayBackLeadsToTheHandle(Database database) throws Exception {
        open(database);
        begin();
        var connection = source.getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT name FROM entries");

        assertThat(statement.getConnection()).isSameAs(connection);
        assertThat(rows.getStatement()).isSameAs(statement);
        assertThat(connection.getMetaData().getConnection()).isSameAs(connection);
        assertThat(statement.isWrapperFor(Statement.class)).isTrue();
        assertThat(connection.unwrap(Connection.class)).isSameAs(connection);
        commit();
    }

    @ParameterizedTest
    @EnumSource
    void aSuspendedTransactionKeepsItsConnectionAndTheOtherGetsItsOwn(Database database) throws Exception {
        open(database);
        begin();
        var outer = source.getConnection();
        Databases.insert(outer, "outer");
        var suspended = ktm.transactionManager().suspend();
        begin();
        assertThatThrownBy(() -> Databases.insert(outer, "mixed up")).hasMessageContaining("belongs");
        Databases.insert(source, "inner");
        assertThat(source.pool().getActiveConnections()).isEqualTo(2);
        commit();

        ktm.transactionManager().resume(suspended);
        Databases.insert(outer, "outer again");
        ktm.userTransaction().rollback();

        assertNothingIsOut();
        assertThat(Databases.count(observer)).isOne();
        assertThat(Databases.contains(observer, "inner")).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void outsideATransactionItIsAnOrdinaryPooledConnection(Database database) throws Exception {
        open(database);
        try (var connection = source.getConnection()) {
            assertThat(connection.getAutoCommit()).isTrue();
            Databases.insert(connection, "a");
            connection.setAutoCommit(false);
            Databases.insert(connection, "b");
            connection.rollback();
            Databases.insert(connection, "c");
            connection.commit();
        }

        assertNothingIsOut();
        assertThat(Databases.count(observer)).isEqualTo(2);
        try (var connection = source.getConnection()) {
            assertThat(connection.getAutoCommit()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionFromOutsideIsRefusedInside(Database database) throws Exception {
        open(database);
        try (var connection = source.getConnection()) {
            begin();

            assertThatThrownBy(() -> Databases.insert(connection, "a"))
                    .hasMessageContaining("was taken outside")
                    .hasMessageContaining("after begin");

            ktm.userTransaction().rollback();
            Databases.insert(connection, "b");
        }
        assertThat(Databases.count(observer)).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void aTransactionThatIsMarkedForRollbackEnlistsNothing(Database database) throws Exception {
        open(database);
        begin();
        ktm.userTransaction().setRollbackOnly();

        assertThatThrownBy(() -> Databases.insert(source, "a")).hasMessageContaining("marked for rollback");

        ktm.userTransaction().rollback();
        assertNothingIsOut();
        assertThat(driver.calls()).doesNotContain("start");
    }

    @ParameterizedTest
    @EnumSource
    void anEndedTransactionOfAnotherThreadIsToldApart(Database database) throws Exception {
        open(database);
        begin();
        var connection = source.getConnection();
        Databases.insert(connection, "a");
        var transaction = ktm.transactionManager().getTransaction();
        CompletableFuture.runAsync(
                        () -> {
                            try {
                                transaction.commit();
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            }
                        },
                        task -> new Thread(task).start())
                .get();

        assertThatThrownBy(() -> Databases.insert(connection, "b")).hasMessageContaining("has ended");
        assertThatThrownBy(source::getConnection).hasMessageContaining("has ended");
        ktm.transactionManager().suspend();

        assertNothingIsOut();
        assertThat(Databases.count(observer)).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void twoThreadsOfOneTransactionShareTheConnection(Database database) throws Exception {
        open(database);
        begin();
        var connection = source.getConnection();
        var transaction = ktm.transactionManager().getTransaction();
        var other = CompletableFuture.runAsync(
                () -> {
                    try {
                        ktm.transactionManager().resume(transaction);
                        for (int i = 0; i < 50; i++) {
                            Databases.insert(connection, "other" + i);
                        }
                        ktm.transactionManager().suspend();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                task -> new Thread(task).start());
        for (int i = 0; i < 50; i++) {
            Databases.insert(connection, "this" + i);
        }
        other.get();

        commit();

        assertNothingIsOut();
        assertThat(Databases.count(observer)).isEqualTo(100);
        assertThat(driver.calls().stream().filter("start"::equals)).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsChangedOfAConnectionIsChangedBackWithItsReturn(Database database) throws Exception {
        open(database);
        int usual;
        try (var connection = source.getConnection()) {
            usual = connection.getTransactionIsolation();
        }
        begin();
        try (var connection = source.getConnection()) {
            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            Databases.insert(connection, "a");
        }
        commit();

        try (var connection = source.getConnection()) {
            assertThat(connection.getTransactionIsolation()).isEqualTo(usual);
            assertThat(connection.getAutoCommit()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whetherALevelOfIsolationIsSupportedMayBeAskedBeforeItIsSet(Database database) throws Exception {
        open(database);
        begin();
        try (var connection = source.getConnection()) {
            assertThat(connection.getMetaData().supportsTransactionIsolationLevel(Connection.TRANSACTION_SERIALIZABLE))
                    .isTrue();
            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            Databases.insert(connection, "a");
        }
        commit();

        assertThat(Databases.count(observer)).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void aLevelOfIsolationThatIsSetAfterTheFirstStatementCommitsNothing(Database database) throws Exception {
        open(database);
        begin();
        Databases.insert(source, "a");

        try (var connection = source.getConnection()) {
            connection.setTransactionIsolation(connection.getTransactionIsolation());
            assertThatThrownBy(() -> connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE))
                    .hasMessageContaining("before the first statement")
                    .hasFieldOrPropertyWithValue("SQLState", "25001");
            Databases.insert(connection, "b");
        }
        ktm.userTransaction().rollback();

        assertThat(Databases.count(observer)).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aPoolWithoutAutoCommitWorksAsWell(Database database) throws Exception {
        var real = database.open("d" + UUID.randomUUID());
        observer = Databases.prepare(real);
        var config = Databases.smallPool();
        config.setAutoCommit(false);
        config.setMaximumPoolSize(1);
        source = KtmDataSource.builder(ktm, "entries").source(real).pool(config).open();
        begin();
        Databases.insert(source, "a");
        commit();

        Databases.insert(source, "never committed");
        try (var connection = source.getConnection()) {
            assertThat(connection.getAutoCommit()).isFalse();
            Databases.insert(connection, "b");
            connection.commit();
        }

        assertThat(Databases.count(observer)).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource
    void workBeforeCompletionBelongsToTheTransaction(Database database) throws Exception {
        open(database);
        begin();
        ktm.synchronizationRegistry().registerInterposedSynchronization(new jakarta.transaction.Synchronization() {
            @Override
            public void beforeCompletion() {
                try {
                    Databases.insert(source, "flushed");
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public void afterCompletion(int status) {}
        });

        commit();

        assertNothingIsOut();
        assertThat(Databases.count(observer)).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void unwrapGivesWhatIsBelow(Database database) throws Exception {
        open(database);

        assertThat(source.unwrap(KtmDataSource.class)).isSameAs(source);
        assertThat(source.unwrap(com.zaxxer.hikari.HikariDataSource.class).getPoolName())
                .isEqualTo("ktm entries");
        assertThat(source.isWrapperFor(XADataSource.class)).isTrue();
        assertThat(source.isWrapperFor(JdbcDataSource.class)).isFalse();
        assertThatThrownBy(() -> source.unwrap(String.class)).hasMessageContaining("java.lang.String");
        assertThatThrownBy(() -> source.getConnection("u", "p")).hasMessageContaining("\"u\"");
    }
}
