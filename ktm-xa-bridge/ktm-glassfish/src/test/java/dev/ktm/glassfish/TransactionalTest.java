package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;
import static dev.ktm.glassfish.Naming.find;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.glassfish.TransactionalBean.Checked;
import dev.ktm.glassfish.TransactionalBean.Unchecked;
import dev.ktm.log.testing.Until;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.Status;
import jakarta.transaction.TransactionRequiredException;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.TransactionalException;
import jakarta.transaction.UserTransaction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code @Transactional} in a server, with a database in each transaction: the rules of Jakarta Transactions 2.0 §3.7. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TransactionalTest {

    private EmbeddedServer server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = EmbeddedServer.start(directory.resolve("server"), Map.of());
        server.createXaH2("transactional");
        server.deploy(
                "tests",
                Map.of(),
                TaskServlet.class,
                TransactionalBean.class,
                Task.class,
                Checked.class,
                Unchecked.class);
        execute("jdbc/transactional", "create table sale (item varchar(20))");
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    /** What is done with a bean. */
    private interface Use {
        void with(TransactionalBean bean) throws Exception;
    }

    /** In a request. */
    private void use(Use use) throws Exception {
        TaskServlet.run(
                server.port(),
                "tests",
                () -> use.with(CDI.current().select(TransactionalBean.class).get()));
    }

    /** In a request that has begun a transaction, in which a database takes part. */
    private void useInTransaction(Use use) throws Exception {
        use(bean -> {
            user().begin();
            try {
                insert("caller");
                use.with(bean);
            } finally {
                user().rollback();
            }
        });
    }

    private static UserTransaction user() throws Exception {
        return find("java:comp/UserTransaction", UserTransaction.class);
    }

    private static TransactionSynchronizationRegistry registry() throws Exception {
        return find("java:comp/TransactionSynchronizationRegistry", TransactionSynchronizationRegistry.class);
    }

    private static void insert(String item) throws Exception {
        execute("jdbc/transactional", "insert into sale values ('" + item + "')");
    }

    private static int sold(String item) throws Exception {
        return count("jdbc/transactional", item);
    }

    @Test
    void requiredBeginsOneAndCommitsIt() throws Exception {
        use(bean -> bean.required(() -> {
            assertThat(registry().getTransactionStatus()).isEqualTo(Status.STATUS_ACTIVE);
            insert("required");
            assertThat(server.onlyTransaction()).isNotNull();
        }));

        assertThat(sold("required")).isOne();
    }

    @Test
    void requiredJoinsTheCallers() throws Exception {
        useInTransaction(bean -> {
            var outside = registry().getTransactionKey();
            bean.required(() -> {
                assertThat(registry().getTransactionKey()).isEqualTo(outside);
                insert("joined");
            });
        });

        assertThat(sold("joined")).isZero();
    }

    @Test
    void requiresNewSuspendsTheCallersAndCommitsItsOwn() throws Exception {
        useInTransaction(bean -> {
            var outside = registry().getTransactionKey();
            bean.requiresNew(() -> {
                assertThat(registry().getTransactionKey()).isNotEqualTo(outside);
                insert("new");
                // One that has ended before is gone a moment later.
                Until.holds(() -> server.ktm().manager().live().size() == 2);
            });
            assertThat(registry().getTransactionKey()).isEqualTo(outside);
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_ACTIVE);
        });

        assertThat(sold("new")).isOne();
    }

    @Test
    void mandatoryWantsACallersTransaction() throws Exception {
        useInTransaction(bean -> bean.mandatory(
                () -> assertThat(registry().getTransactionStatus()).isEqualTo(Status.STATUS_ACTIVE)));
        use(bean -> assertThatThrownBy(() -> bean.mandatory(() -> {}))
                .isInstanceOf(TransactionalException.class)
                .hasCauseInstanceOf(TransactionRequiredException.class));
    }

    @Test
    void neverWantsACallerWithoutOne() throws Exception {
        use(bean -> bean.never(
                () -> assertThat(registry().getTransactionStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION)));
        useInTransaction(bean -> assertThatThrownBy(() -> bean.never(() -> {}))
                .isInstanceOf(TransactionalException.class)
                .hasCauseInstanceOf(InvalidTransactionException.class));
    }

    @Test
    void supportsTakesWhatThereIs() throws Exception {
        use(bean -> bean.supports(
                () -> assertThat(registry().getTransactionStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION)));
        useInTransaction(bean -> {
            var outside = registry().getTransactionKey();
            bean.supports(() -> assertThat(registry().getTransactionKey()).isEqualTo(outside));
        });
    }

    @Test
    void notSupportedRunsWithout() throws Exception {
        useInTransaction(bean -> {
            bean.notSupported(() -> {
                assertThat(registry().getTransactionStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
                insert("outside");
            });
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_ACTIVE);
        });

        assertThat(sold("outside")).isOne();
    }

    @Test
    void anUncheckedFailureRollsBackAndAnotherDoesNot() throws Exception {
        use(bean -> {
            assertThatThrownBy(() -> bean.required(() -> {
                        insert("unchecked");
                        throw new Unchecked();
                    }))
                    .isInstanceOf(Unchecked.class);
            assertThatThrownBy(() -> bean.required(() -> {
                        insert("checked");
                        throw new Checked();
                    }))
                    .isInstanceOf(Checked.class);
        });

        assertThat(sold("unchecked")).isZero();
        assertThat(sold("checked")).isOne();
    }

    @Test
    void rollbackOnAndDontRollbackOnChangeThat() throws Exception {
        use(bean -> {
            assertThatThrownBy(() -> bean.rollingBackOnChecked(() -> {
                        insert("rollbackOn");
                        throw new Checked();
                    }))
                    .isInstanceOf(Checked.class);
            assertThatThrownBy(() -> bean.committingOnUnchecked(() -> {
                        insert("dontRollbackOn");
                        throw new Unchecked();
                    }))
                    .isInstanceOf(Unchecked.class);
        });

        assertThat(sold("rollbackOn")).isZero();
        assertThat(sold("dontRollbackOn")).isOne();
    }

    @Test
    void aFailureInACallersTransactionMarksIt() throws Exception {
        useInTransaction(bean -> {
            assertThatThrownBy(() -> bean.required(() -> {
                        throw new Unchecked();
                    }))
                    .isInstanceOf(Unchecked.class);
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_MARKED_ROLLBACK);
        });
    }

    @Test
    void theUserTransactionIsForbiddenWhereTheContainerManagesOne() throws Exception {
        var seen = new ArrayList<Throwable>();
        Task begin = () -> {
            try {
                user().begin();
            } catch (IllegalStateException e) {
                seen.add(e);
            }
        };
        use(bean -> {
            bean.required(begin);
            bean.requiresNew(begin);
            bean.supports(begin);
            user().begin();
            bean.mandatory(begin);
            user().rollback();
        });
        assertThat(seen).hasSize(4);

        use(bean -> {
            assertThatCode(() -> bean.notSupported(() -> {
                        user().begin();
                        user().rollback();
                    }))
                    .doesNotThrowAnyException();
            assertThatCode(() -> bean.never(() -> {
                        user().begin();
                        user().rollback();
                    }))
                    .doesNotThrowAnyException();
        });
    }
}
