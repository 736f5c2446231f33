package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.bean;
import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;
import static dev.ktm.glassfish.Naming.find;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Until;
import jakarta.transaction.NotSupportedException;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.naming.NamingException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules of {@code UserTransaction} in a bean that manages its transactions itself. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class UserTransactionTest {

    /** Who runs the transaction: the server as long as no resource that can prepare takes part, KTM from then on. */
    enum Work {
        NONE {
            @Override
            void run(String item) {}

            @Override
            int done(String item, int expected) {
                return expected;
            }
        },
        ONE_DATABASE {
            @Override
            void run(String item) throws NamingException, SQLException {
                execute("jdbc/one", "insert into sale values ('" + item + "')");
            }

            @Override
            int done(String item, int expected) throws NamingException, SQLException {
                return count("jdbc/one", item);
            }
        },
        TWO_DATABASES {
            @Override
            void run(String item) throws NamingException, SQLException {
                execute("jdbc/one", "insert into sale values ('" + item + "')");
                execute("jdbc/two", "insert into sale values ('" + item + "')");
            }

            @Override
            int done(String item, int expected) throws NamingException, SQLException {
                int one = count("jdbc/one", item);
                assertThat(count("jdbc/two", item)).isEqualTo(one);
                return one;
            }
        };

        abstract void run(String item) throws NamingException, SQLException;

        /** How often this was committed. */
        abstract int done(String item, int expected) throws NamingException, SQLException;
    }

    private EmbeddedServer server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = EmbeddedServer.start(directory.resolve("server"), Map.of());
        server.createXaH2("one");
        server.createXaH2("two");
        server.deploy("tests", Map.of(), BeanManaged.class, Task.class);
        execute("jdbc/one", "create table sale (item varchar(40))");
        execute("jdbc/two", "create table sale (item varchar(40))");
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    private static void inBean(Task task) throws Exception {
        bean("tests", BeanManaged.class).run(task);
    }

    private static UserTransaction user() throws NamingException {
        return find("java:comp/UserTransaction", UserTransaction.class);
    }

    private static TransactionManager manager() throws NamingException {
        return find("java:appserver/TransactionManager", TransactionManager.class);
    }

    private static TransactionSynchronizationRegistry registry() throws NamingException {
        return find("java:comp/TransactionSynchronizationRegistry", TransactionSynchronizationRegistry.class);
    }

    /** Writes down what it is told. */
    private static final class Witness implements Synchronization {

        private final String name;
        private final List<String> told;

        Witness(String name, List<String> told) {
            this.name = name;
            this.told = told;
        }

        @Override
        public void beforeCompletion() {
            told.add(name + " before");
        }

        @Override
        public void afterCompletion(int status) {
            told.add(name + " after " + status);
        }
    }

    @ParameterizedTest
    @EnumSource
    void commitsAndIsGone(Work work) throws Exception {
        inBean(() -> {
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
            user().begin();
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_ACTIVE);
            work.run("commit " + work);
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_ACTIVE);
            assertThat(manager().getTransaction()).isNotNull();
            user().commit();
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
            assertThat(manager().getTransaction()).isNull();
        });

        assertThat(work.done("commit " + work, 1)).isOne();
        // It has ended a moment before it is gone.
        Until.holds(() -> server.ktm().manager().live().isEmpty());
    }

    @ParameterizedTest
    @EnumSource
    void rollsBackAndIsGone(Work work) throws Exception {
        inBean(() -> {
            user().begin();
            work.run("rollback " + work);
            user().rollback();
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        });

        assertThat(work.done("rollback " + work, 0)).isZero();
        // It has ended a moment before it is gone.
        Until.holds(() -> server.ktm().manager().live().isEmpty());
    }

    @ParameterizedTest
    @EnumSource
    void doesNotNest(Work work) throws Exception {
        inBean(() -> {
            user().begin();
            work.run("nested " + work);
            assertThatThrownBy(() -> user().begin()).isInstanceOf(NotSupportedException.class);
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_ACTIVE);
            user().commit();
        });

        assertThat(work.done("nested " + work, 1)).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void doesNotCommitWhatIsMarked(Work work) throws Exception {
        inBean(() -> {
            user().begin();
            work.run("marked " + work);
            user().setRollbackOnly();
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_MARKED_ROLLBACK);
            assertThat(registry().getRollbackOnly()).isTrue();
            assertThatThrownBy(() -> user().commit()).isInstanceOf(RollbackException.class);
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        });

        assertThat(work.done("marked " + work, 0)).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void isMarkedBeforeItsWork(Work work) throws Exception {
        inBean(() -> {
            user().begin();
            user().setRollbackOnly();
            if (work == Work.NONE) {
                work.run("marked first");
            } else {
                assertThatThrownBy(() -> work.run("marked first")).isInstanceOf(SQLException.class);
            }
            assertThatThrownBy(() -> user().commit()).isInstanceOf(RollbackException.class);
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        });

        assertThat(work.done("marked first", 0)).isZero();
        Until.holds(() -> server.service(KtmDelegate.class).knownCount() == 0);
    }

    @ParameterizedTest
    @EnumSource
    void withoutATransactionThereIsNothingToEnd(Work work) throws Exception {
        inBean(() -> {
            work.run("without " + work);
            assertThatThrownBy(() -> user().commit()).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> user().rollback()).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> user().setRollbackOnly()).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> registry().putResource("key", "value")).isInstanceOf(IllegalStateException.class);
            assertThat(registry().getTransactionKey()).isNull();
            assertThatThrownBy(() -> user().setTransactionTimeout(-1)).isInstanceOf(SystemException.class);
        });
    }

    @ParameterizedTest
    @EnumSource
    void endsWhenItsTimeIsOver(Work work) throws Exception {
        inBean(() -> {
            user().setTransactionTimeout(1);
            try {
                user().begin();
                var over = new CountDownLatch(1);
                registry().registerInterposedSynchronization(new Synchronization() {
                    @Override
                    public void beforeCompletion() {}

                    @Override
                    public void afterCompletion(int status) {
                        over.countDown();
                    }
                });
                work.run("late " + work);
                if (work == Work.NONE) {
                    untilMarked();
                } else {
                    assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
                }
                assertThatThrownBy(() -> user().commit()).isInstanceOf(RollbackException.class);
                assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
            } finally {
                user().setTransactionTimeout(0);
            }
        });

        assertThat(work.done("late " + work, 0)).isZero();
        // It has ended a moment before it is gone.
        Until.holds(() -> server.ktm().manager().live().isEmpty());
        Until.holds(() -> server.service(KtmDelegate.class).knownCount() == 0);
    }

    /** The server marks its own, and tells nobody. */
    private static void untilMarked() throws Exception {
        var tries = new CountDownLatch(1);
        for (int i = 0; i < 400 && user().getStatus() == Status.STATUS_ACTIVE; i++) {
            assertThat(tries.await(50, TimeUnit.MILLISECONDS)).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsSynchronizationsInTheirOrder(Work work) throws Exception {
        var told = new CopyOnWriteArrayList<String>();

        inBean(() -> {
            user().begin();
            registry().registerInterposedSynchronization(new Witness("interposed early", told));
            manager().getTransaction().registerSynchronization(new Witness("ordinary early", told));
            work.run("synchronized " + work);
            registry().registerInterposedSynchronization(new Witness("interposed", told));
            manager().getTransaction().registerSynchronization(new Witness("ordinary", told));
            user().commit();
        });

        assertThat(told)
                .containsExactly(
                        "ordinary early before",
                        "ordinary before",
                        "interposed early before",
                        "interposed before",
                        "interposed early after " + Status.STATUS_COMMITTED,
                        "interposed after " + Status.STATUS_COMMITTED,
                        "ordinary early after " + Status.STATUS_COMMITTED,
                        "ordinary after " + Status.STATUS_COMMITTED);
    }

    @ParameterizedTest
    @EnumSource
    void rollsBackWhenASynchronizationFails(Work work) throws Exception {
        inBean(() -> {
            user().begin();
            work.run("failing " + work);
            registry().registerInterposedSynchronization(new Synchronization() {
                @Override
                public void beforeCompletion() {
                    throw new IllegalStateException("no");
                }

                @Override
                public void afterCompletion(int status) {}
            });
            assertThatThrownBy(() -> user().commit()).isInstanceOf(RollbackException.class);
        });

        assertThat(work.done("failing " + work, 0)).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void isSuspendedAndResumed(Work work) throws Exception {
        inBean(() -> {
            user().begin();
            work.run("suspended " + work);
            registry().putResource("key", "value");
            var suspended = manager().suspend();
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
            user().begin();
            work.run("meanwhile " + work);
            user().rollback();
            manager().resume(Objects.requireNonNull(suspended));
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_ACTIVE);
            assertThat(registry().getResource("key")).isEqualTo("value");
            user().commit();
        });

        assertThat(work.done("suspended " + work, 1)).isOne();
        assertThat(work.done("meanwhile " + work, 0)).isZero();
    }
}
