package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.bean;
import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;
import static dev.ktm.glassfish.Naming.find;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.enterprise.transaction.api.JavaEETransactionManager;
import com.sun.enterprise.transaction.api.TransactionAdminBean;
import com.sun.jts.pi.InterceptorImpl;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.Outcome;
import jakarta.ejb.EJBException;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.naming.NamingException;
import javax.sql.DataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transactions that are suspended, worked with from elsewhere, or end by themselves. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerTransactionManagerTest {

    private EmbeddedServer server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = EmbeddedServer.start(directory.resolve("server"), Map.of());
        server.createXaH2("one");
        server.createXaH2("two");
        server.createPool("local", "javax.sql.DataSource", "org.h2.jdbcx.JdbcDataSource", EmbeddedServer.h2("local"));
        server.deploy("tests", Map.of(), BeanManaged.class, ContainerManaged.class, Task.class);
        for (var name : new String[] {"one", "two", "local"}) {
            execute("jdbc/" + name, "create table sale (item varchar(40))");
        }
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    /** Nothing is left behind, neither here nor there. */
    @AfterEach
    void nothingIsLeft() throws Exception {
        var service = server.service(JavaEETransactionManager.class);
        if (service.isFrozen()) {
            service.unfreeze();
        }
        var left = manager().getTransaction();
        if (left != null) {
            // The next test has nothing to do with it.
            manager().rollback();
        }
        assertThat(left).isNull();
        assertThat(server.ktm().transactionManager().suspend()).isNull();
        // They have ended a moment before they are gone.
        Until.holds(() -> server.ktm().manager().live().isEmpty());
        Until.holds(() -> server.service(KtmDelegate.class).knownCount() == 0);
    }

    private static TransactionManager manager() throws NamingException {
        return find("java:appserver/TransactionManager", TransactionManager.class);
    }

    private static UserTransaction user() throws NamingException {
        return find("java:comp/UserTransaction", UserTransaction.class);
    }

    private static void insert(String database, String item) throws Exception {
        execute("jdbc/" + database, "insert into sale values ('" + item + "')");
    }

    /** Counted down when the transaction of this thread has ended. */
    private static CountDownLatch end() throws Exception {
        var over = new CountDownLatch(1);
        find("java:comp/TransactionSynchronizationRegistry", TransactionSynchronizationRegistry.class)
                .registerInterposedSynchronization(new Synchronization() {
                    @Override
                    public void beforeCompletion() {}

                    @Override
                    public void afterCompletion(int status) {
                        over.countDown();
                    }
                });
        return over;
    }

    /** Runs it with a timeout of one second for what it begins. */
    private static void withinOneSecond(Task task) throws Exception {
        manager().setTransactionTimeout(1);
        try {
            task.run();
        } finally {
            manager().setTransactionTimeout(0);
        }
    }

    // Suspended.

    @Test
    void whatTimesOutWhileItIsSuspendedIsResumedAndItsClientIsToldOfIt() throws Exception {
        bean("tests", BeanManaged.class)
                .run(() -> withinOneSecond(() -> {
                    user().begin();
                    insert("one", "suspended");
                    var over = end();
                    var suspended = Objects.requireNonNull(manager().suspend());
                    assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();

                    manager().resume(suspended);
                    assertThat(manager().getStatus()).isEqualTo(Status.STATUS_ROLLEDBACK);
                    assertThatThrownBy(() -> user().commit()).isInstanceOf(RollbackException.class);

                    assertThatThrownBy(() -> manager().resume(suspended))
                            .isInstanceOf(InvalidTransactionException.class);
                }));

        assertThat(count("jdbc/one", "suspended")).isZero();
    }

    @Test
    void aBeanThatCatchesAroundAnotherThatWasTooSlowDoesNotGoOnWithoutATransaction() throws Exception {
        var beans = bean("tests", ContainerManaged.class);

        withinOneSecond(() -> assertThatThrownBy(() -> beans.required(() -> {
                    insert("one", "outer");
                    var over = end();
                    try {
                        beans.notSupported(() ->
                                assertThat(over.await(20, TimeUnit.SECONDS)).isTrue());
                    } catch (EJBException e) {
                        throw new AssertionError("expected the outer transaction to be resumed", e);
                    }
                    assertThatThrownBy(() -> insert("two", "afterwards")).isNotNull();
                }))
                .isInstanceOf(EJBException.class)
                .hasRootCauseInstanceOf(RollbackException.class));

        assertThat(count("jdbc/one", "outer")).isZero();
        assertThat(count("jdbc/two", "afterwards")).isZero();
    }

    // Worked with from elsewhere.

    @Test
    void whatIsEnlistedInASuspendedTransactionLeavesTheThreadInItsOwn() throws Exception {
        var told = new CopyOnWriteArrayList<String>();

        manager().begin();
        var first = Objects.requireNonNull(manager().suspend());
        manager().begin();
        insert("one", "second");
        first.enlistResource(new WitnessResource(told));
        manager().commit();

        assertThat(count("jdbc/one", "second")).isOne();
        assertThat(told).containsExactly("start");
        first.rollback();
        assertThat(told).containsExactly("start", "end", "rollback");
    }

    @Test
    void aThreadThatEnlistsInTheTransactionOfAnotherStaysWithoutOne() throws Exception {
        var told = new CopyOnWriteArrayList<String>();
        manager().begin();
        var transaction = Objects.requireNonNull(manager().getTransaction());

        var elsewhere = CompletableFuture.supplyAsync(() -> {
            try {
                transaction.enlistResource(new WitnessResource(told));
                return server.ktm().transactionManager().getStatus();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });

        assertThat(elsewhere.get(20, TimeUnit.SECONDS)).isEqualTo(Status.STATUS_NO_TRANSACTION);
        insert("one", "beside a witness");
        manager().commit();
        assertThat(count("jdbc/one", "beside a witness")).isOne();
        assertThat(told).containsExactly("start", "end", "prepare", "commit");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTransactionThatIsEndedFromAThreadInAnotherOneLeavesThatThere(boolean distributed) throws Exception {
        for (boolean commits : new boolean[] {true, false}) {
            var item = "of the " + (distributed ? "distributed " : "local ") + (commits ? "first" : "third");
            manager().begin();
            if (distributed) {
                insert("two", item);
            }
            var first = Objects.requireNonNull(manager().suspend());
            manager().begin();
            var second = manager().getTransaction();
            insert("one", item);

            if (commits) {
                first.commit();
            } else {
                first.rollback();
            }
            assertThat(manager().getTransaction()).isSameAs(second);
            manager().commit();

            assertThat(count("jdbc/one", item)).isOne();
            assertThat(count("jdbc/two", item)).isEqualTo(distributed && commits ? 1 : 0);
        }
    }

    // Ended by itself.

    @Test
    void aConnectionThatIsOpenWhenTheTimeIsOverWritesNothingAfterwards() throws Exception {
        bean("tests", BeanManaged.class)
                .run(() -> withinOneSecond(() -> {
                    user().begin();
                    try (var connection = find("jdbc/one", DataSource.class).getConnection();
                            var statement = connection.createStatement()) {
                        statement.execute("insert into sale values ('before its time was over')");
                        assertThat(end().await(20, TimeUnit.SECONDS)).isTrue();

                        assertThatThrownBy(() -> statement.execute("insert into sale values ('after it was over')"))
                                .isInstanceOf(SQLException.class);
                        assertThatThrownBy(connection::createStatement).isInstanceOf(SQLException.class);
                    }
                    assertThatThrownBy(() -> user().commit()).isInstanceOf(RollbackException.class);
                    user().begin();
                    insert("one", "in the next transaction");
                    user().commit();
                }));

        assertThat(count("jdbc/one", "before its time was over")).isZero();
        assertThat(count("jdbc/one", "after it was over")).isZero();
        assertThat(count("jdbc/one", "in the next transaction")).isOne();
    }

    @Test
    void aConnectionThatIsKeptOverATimeoutDoesNotDisturbTheNextTransaction() throws Exception {
        bean("tests", BeanManaged.class).run(() -> {
            try (var kept = find("jdbc/one", DataSource.class).getConnection()) {
                withinOneSecond(() -> {
                    user().begin();
                    execute("jdbc/two", "insert into sale values ('lost')");
                    assertThat(end().await(20, TimeUnit.SECONDS)).isTrue();
                    assertThatThrownBy(() -> user().commit()).isInstanceOf(RollbackException.class);
                });
                assertThatThrownBy(kept::createStatement).isInstanceOf(SQLException.class);

                user().begin();
                insert("two", "after one that is kept");
                user().commit();
            }
        });

        assertThat(count("jdbc/two", "after one that is kept")).isOne();
    }

    @Test
    void connectionsThatTimeOutDoNotUseThePoolUp() throws Exception {
        server.createXaH2("small");
        server.command("set", "resources.jdbc-connection-pool.small.steady-pool-size=1");
        server.command("set", "resources.jdbc-connection-pool.small.max-pool-size=1");
        execute("jdbc/small", "create table sale (item varchar(40))");
        for (var closesFirst : new boolean[] {true, false}) {
            bean("tests", BeanManaged.class)
                    .run(() -> withinOneSecond(() -> {
                        user().begin();
                        var over = end();
                        var connection = find("jdbc/small", DataSource.class).getConnection();
                        if (closesFirst) {
                            connection.close();
                        }
                        assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
                        connection.close();
                        assertThatThrownBy(() -> user().commit()).isInstanceOf(RollbackException.class);
                    }));
            assertThat(count("jdbc/small", "none")).isZero();
        }
    }

    // Outcomes and refusals.

    /** Rolls back by itself what it has prepared. */
    private static final class HastyResource extends WitnessResource {
        HastyResource(List<String> told) {
            super(told);
        }

        @Override
        public void commit(Xid xid, boolean onePhase) throws XAException {
            super.commit(xid, onePhase);
            throw new XAException(XAException.XA_HEURRB);
        }
    }

    @Test
    void aHeuristicOutcomeOfWhatJoinsDuringTheCommitIsSaid() throws Exception {
        var told = new CopyOnWriteArrayList<String>();
        manager().begin();
        var transaction = Objects.requireNonNull(manager().getTransaction());
        transaction.registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {
                try {
                    transaction.enlistResource(new WitnessResource(told));
                    transaction.enlistResource(new HastyResource(told));
                } catch (RollbackException | SystemException e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public void afterCompletion(int status) {}
        });

        assertThatThrownBy(() -> manager().commit()).isInstanceOf(HeuristicMixedException.class);

        assertThat(told).contains("commit", "forget");
    }

    @Test
    void aResourceThatIsRefusedBesideOthersLeavesTheTransactionAsItWas() throws Exception {
        manager().begin();
        insert("one", "beside what is refused");
        assertThatThrownBy(() -> insert("local", "refused"))
                .hasMessageContaining("expected a resource that can prepare")
                .hasMessageContaining("found jdbc/local");
        insert("two", "beside what is refused");
        manager().commit();

        assertThat(count("jdbc/one", "beside what is refused")).isOne();
        assertThat(count("jdbc/two", "beside what is refused")).isOne();
        assertThat(count("jdbc/local", "refused")).isZero();
    }

    @Test
    void whatComesBesideAResourceThatCannotPrepareIsRefusedWithItsName() throws Exception {
        manager().begin();
        insert("local", "alone");
        assertThatThrownBy(() -> insert("one", "beside it"))
                .hasMessageContaining("expected a resource that can prepare")
                .hasMessageContaining("found jdbc/local");
        manager().commit();

        assertThat(count("jdbc/local", "alone")).isOne();
        assertThat(count("jdbc/one", "beside it")).isZero();
    }

    // From outside, and for administrators.

    @Test
    void aTransactionFromOutsideThatTheServerNeverSawIsNotHeld() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("suspended");

        manager.recreate(xid, 30);
        var suspended = Objects.requireNonNull(manager.suspend());
        manager.resume(suspended);
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_ACTIVE);
        manager.release(xid);
        manager.getXATerminator().rollback(xid);
    }

    /** The ids of what administrators are shown. */
    private static List<String> active(JavaEETransactionManager manager) {
        return Stream.of(manager.getActiveTransactions().toArray())
                .map(bean -> ((TransactionAdminBean) bean).getId())
                .toList();
    }

    @Test
    void anAdministratorSeesATransactionAndHasItRolledBack() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        manager.setMonitoringEnabled(true);
        try {
            manager.begin();
            insert("one", "administrated");
            var id = server.onlyTransaction().unitOfWork().toString();

            assertThat(active(manager)).containsExactly(id);
            server.command("rollback-transaction", "--transaction_id=" + id);

            assertThatThrownBy(manager::commit).isInstanceOf(RollbackException.class);
            assertThat(active(manager)).isEmpty();
        } finally {
            manager.setMonitoringEnabled(false);
        }
        assertThat(count("jdbc/one", "administrated")).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTransactionFromOutsideLeavesItsThreadAlsoIfThatHasEndedAnotherBefore(boolean commits) throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("after another " + commits);
        manager.setMonitoringEnabled(true);
        try {
            manager.begin();
            insert("one", "another");
            if (commits) {
                manager.commit();
            } else {
                manager.rollback();
            }
            manager.recreate(xid, 60);
            insert("one", "within");
            manager.release(xid);
        } finally {
            manager.setMonitoringEnabled(false);
        }

        assertThat(manager.getTransaction()).isNull();
        assertThat(server.ktm().transactionManager().getTransaction()).isNull();
        manager.getXATerminator().rollback(xid);
        assertThat(count("jdbc/one", "within")).isZero();
    }

    @Test
    void aTransactionFromOutsideWithoutATimeoutHasTheConfiguredOne() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("without a timeout");
        manager.setDefaultTransactionTimeout(1);
        try {
            manager.recreate(xid, -1);
            insert("one", "from outside");
            var transaction = server.onlyTransaction();
            manager.release(xid);

            Until.holds(() -> transaction.outcome() == Outcome.ABORTED);
        } finally {
            manager.setDefaultTransactionTimeout(0);
        }

        assertThatThrownBy(() -> manager.getXATerminator().prepare(xid))
                .isInstanceOfSatisfying(
                        XAException.class, e -> assertThat(e.errorCode).isEqualTo(XAException.XA_RBTIMEOUT));
        assertThat(count("jdbc/one", "from outside")).isZero();
    }

    @Test
    void aCallWithinATransactionOfAnotherServerIsNotTakenForOneWithout() throws Exception {
        int contexts = InterceptorImpl.NULL_CTX_SLOT;
        var manager = server.service(JavaEETransactionManager.class);
        assertThat(manager.isNullTransaction()).isFalse();

        InterceptorImpl.setThreadLocalData(contexts, InterceptorImpl.PROPER_CTX);
        assertThat(manager.isNullTransaction()).isFalse();
        InterceptorImpl.setThreadLocalData(contexts, InterceptorImpl.NULL_CTX);
        assertThat(manager.isNullTransaction()).isTrue();

        InterceptorImpl.getThreadLocalData(contexts);
        InterceptorImpl.getThreadLocalData(contexts);
        assertThat(manager.isNullTransaction()).isFalse();
    }

    // Frozen.

    @Test
    void whatAResourceAdapterEndsWaitsWhileTheServiceIsFrozen() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("frozen");
        manager.recreate(xid, 30);
        insert("one", "frozen");
        manager.release(xid);
        server.command("freeze-transaction-service");

        var done = running(() -> manager.getXATerminator().commit(xid, true));
        assertThatThrownBy(() -> done.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        server.command("unfreeze-transaction-service");

        done.get(20, TimeUnit.SECONDS);
        assertThat(count("jdbc/one", "frozen")).isOne();
    }

    @Test
    void theServiceIsFrozenOnlyWhenWhatWasAboutToEndHasEnded() throws Exception {
        var commits = new CountDownLatch(1);
        var mayCommit = new CountDownLatch(1);
        var committing = running(() -> {
            manager().begin();
            Objects.requireNonNull(manager().getTransaction())
                    .enlistResource(new WitnessResource(new CopyOnWriteArrayList<>()) {
                        @Override
                        public void commit(Xid xid, boolean onePhase) throws XAException {
                            commits.countDown();
                            try {
                                mayCommit.await();
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        }
                    });
            manager().commit();
        });
        assertThat(commits.await(20, TimeUnit.SECONDS)).isTrue();

        var freezing = running(() -> server.command("freeze-transaction-service"));
        assertThatThrownBy(() -> freezing.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        mayCommit.countDown();

        committing.get(20, TimeUnit.SECONDS);
        freezing.get(20, TimeUnit.SECONDS);
        server.command("unfreeze-transaction-service");
    }

    /** Runs it on another thread. */
    private static CompletableFuture<Void> running(Task task) {
        return CompletableFuture.runAsync(() -> {
            try {
                task.run();
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
    }
}
