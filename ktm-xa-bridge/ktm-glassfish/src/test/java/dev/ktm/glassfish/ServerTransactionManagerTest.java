package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.bean;
import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;
import static dev.ktm.glassfish.Naming.find;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Until;
import jakarta.ejb.EJBException;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.naming.NamingException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transactions that are suspended, worked with from elsewhere, or end by themselves. */
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
        assertThat(manager().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        assertThat(server.ktm().transactionManager().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
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
}
