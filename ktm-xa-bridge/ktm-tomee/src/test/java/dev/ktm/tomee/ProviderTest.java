package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.ManagerHandle.Durability;
import jakarta.ejb.EJBException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** KTM decides every transaction of the server, whichever way an application comes to one. */
class ProviderTest {

    @TempDir
    static Path directory;

    private static Server server;

    @BeforeAll
    static void start() throws Exception {
        server = Server.start(Settings.shop(directory, "provider"));
        server.shop.makeTables();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static KtmTransaction current() throws Exception {
        return (KtmTransaction) Objects.requireNonNull(server.manager().getTransaction());
    }

    /** The transaction that the container has done this in. */
    private static KtmTransaction inTransaction(Shop.Work work) throws Exception {
        var seen = new AtomicReference<KtmTransaction>();
        server.shop.inTransaction(() -> {
            seen.set(current());
            work.run();
        });
        return Objects.requireNonNull(seen.get());
    }

    @Test
    void everyFaceIsThatOfOneCoordinator() throws Exception {
        server.shop.inTransaction(() -> {
            var id = current().id().orElseThrow();
            assertThat(id.manager()).isEqualTo(server.ktm().manager().identity());

            assertThat(server.shop.lookUp("java:comp/TransactionManager"))
                    .isSameAs(server.manager())
                    .isNotInstanceOf(UserTransaction.class);
            assertThat(server.shop.lookUp("openejb:TransactionManager")).isSameAs(server.manager());
            assertThat(((UserTransaction) server.shop.lookUp("java:comp/UserTransaction")).getStatus())
                    .isEqualTo(Status.STATUS_ACTIVE);
            var registry = (TransactionSynchronizationRegistry)
                    server.shop.lookUp("java:comp/TransactionSynchronizationRegistry");
            assertThat(registry.getTransactionKey())
                    .isEqualTo(server.ktm().synchronizationRegistry().getTransactionKey());
        });
    }

    @Test
    void theDatabasesOfTheServerAreRecoveredByTheNamesOfItsResources() {
        assertThat(server.ktm().resourceManagers()).containsExactly("auditXa", "ledger", "ordersXa");
    }

    @Test
    void aBeansTransactionCommitsTwoDatabasesInTwoPhases() throws Exception {
        var transaction = inTransaction(() -> server.shop.sell("lamp"));

        assertThat(transaction.outcome()).isEqualTo(Outcome.COMMITTED);
        assertThat(transaction.history()).contains(TransactionState.PREPARED, TransactionState.COMMITTED);
        assertThat(server.shop.sold()).contains("lamp");
        assertThat(server.shop.noted()).contains("lamp");
    }

    @Test
    void oneDatabaseAloneDecidesItself() throws Exception {
        var transaction = inTransaction(() -> server.shop.note("clock"));

        assertThat(transaction.history()).contains(TransactionState.DELEGATED);
        assertThat(server.shop.noted()).contains("clock");
    }

    @Test
    void aDataSourceThatSaysTheClassOfItsDatabaseTakesPartToo() throws Exception {
        var transaction = inTransaction(() -> {
            server.shop.note("shelf");
            server.shop.book("shelf");
        });

        assertThat(transaction.history()).contains(TransactionState.PREPARED);
        assertThat(server.shop.noted()).contains("shelf");
        assertThat(server.shop.booked()).contains("shelf");
    }

    @Test
    void aBeanThatFailsRollsBothDatabasesBack() throws Exception {
        assertThatExceptionOfType(EJBException.class)
                .isThrownBy(() -> inTransaction(() -> {
                    server.shop.sell("sofa");
                    throw new IllegalStateException("sold out");
                }));

        assertThat(server.shop.sold()).doesNotContain("sofa");
        assertThat(server.shop.noted()).doesNotContain("sofa");
    }

    @Test
    void aSuspendedTransactionGoesOnWhereItWas() throws Exception {
        assertThatExceptionOfType(EJBException.class)
                .isThrownBy(() -> inTransaction(() -> {
                    var outer = current().unitOfWork();
                    server.shop.sell("outer");
                    server.shop.inNewTransaction(() -> {
                        assertThat(current().unitOfWork()).isNotEqualTo(outer);
                        server.shop.sell("inner");
                    });
                    assertThat(current().unitOfWork()).isEqualTo(outer);
                    throw new IllegalStateException("sold out");
                }));

        assertThat(server.shop.sold()).contains("inner").doesNotContain("outer");
        assertThat(server.shop.noted()).contains("inner").doesNotContain("outer");
    }

    @Test
    void aBeanEndsItsTransactionsItself() throws Exception {
        server.manualShop.sell("chair");
        server.manualShop.sellAndTakeBack("table");

        assertThat(server.shop.sold()).contains("chair").doesNotContain("table");
        assertThat(server.shop.noted()).contains("chair").doesNotContain("table");
    }

    @Test
    void anAnnotatedBeanWorksInTransactions() throws Exception {
        server.annotatedShop.sell("vase");
        assertThatThrownBy(() -> server.annotatedShop.sellAndFail("bowl")).isInstanceOf(IOException.class);

        assertThat(server.shop.sold()).contains("vase").doesNotContain("bowl");
        assertThat(server.shop.noted()).contains("vase").doesNotContain("bowl");
    }

    @Test
    void anAnnotatedMethodIsRefusedTheUserTransaction() throws Exception {
        assertThat(server.annotatedShop.isRefusedTheUserTransaction()).isTrue();
    }

    /** What OpenEJB does, with any transaction manager: the guide says so. */
    @Test
    void anErrorThatAnAnnotatedMethodLetsOutLeavesItsTransactionOnTheThread() throws Exception {
        assertThatThrownBy(() -> server.annotatedShop.sellAndBreak("cup")).isInstanceOf(AssertionError.class);

        assertThat(server.manager().getTransaction()).isNotNull();
        server.manager().rollback();
        assertThat(server.shop.sold()).doesNotContain("cup");
    }

    /** Returns when the transaction of this thread has been rolled back behind its back. */
    private static void outlastTheTimeout() throws Exception {
        var isOver = new CountDownLatch(1);
        Objects.requireNonNull(server.manager().getTransaction())
                .registerSynchronization(new AtTheEnd(status -> isOver.countDown()));
        isOver.await();
    }

    @Test
    void afterItsTimeoutATransactionIsRolledBackAndItsOwnerLearnsOfIt() throws Exception {
        assertThatThrownBy(() -> server.manualShop.sellTooSlowly("late", ProviderTest::outlastTheTimeout))
                .isInstanceOf(RollbackException.class);

        assertThat(server.manager().getTransaction()).isNull();
        assertThat(server.shop.sold()).doesNotContain("late");
        assertThat(server.shop.noted()).doesNotContain("late");
    }

    @Test
    void whoCallsABeanLearnsThatItHasTakenTooLong() throws Exception {
        server.manager().setTransactionTimeout(1);
        try {
            assertThatExceptionOfType(EJBException.class)
                    .isThrownBy(() -> inTransaction(() -> {
                        server.shop.sell("slow");
                        outlastTheTimeout();
                    }));
        } finally {
            server.manager().setTransactionTimeout(0);
        }

        assertThat(server.manager().getTransaction()).isNull();
        assertThat(server.shop.sold()).doesNotContain("slow");
    }

    @Test
    void nothingSlipsThroughAfterATimeout() throws Exception {
        server.manager().setTransactionTimeout(1);
        try {
            assertThatExceptionOfType(EJBException.class)
                    .isThrownBy(() -> inTransaction(() -> {
                        server.shop.note("too late");
                        outlastTheTimeout();
                        assertThatThrownBy(() -> server.shop.note("too late")).isInstanceOf(Exception.class);
                        assertThatThrownBy(() -> server.shop.book("too late")).isInstanceOf(Exception.class);
                        assertThatThrownBy(() -> server.shop.stock("too late")).isInstanceOf(Exception.class);
                    }));
        } finally {
            server.manager().setTransactionTimeout(0);
        }

        assertThat(server.manager().getTransaction()).isNull();
        assertThat(server.shop.noted()).doesNotContain("too late");
        assertThat(server.shop.booked()).doesNotContain("too late");
        assertThat(server.shop.isStocked("too late")).isFalse();
    }

    /** Has somebody else roll the transaction of this thread back. */
    private static void rollBackFromOutside() throws Exception {
        var transaction = server.manager().getTransaction();
        CompletableFuture.runAsync(() -> {
                    try {
                        Objects.requireNonNull(transaction).rollback();
                    } catch (SystemException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .join();
    }

    /** Has a participant that cannot go on roll the transaction of this thread back. */
    private static void rollBackAsParticipant() throws Exception {
        var manager = server.ktm().manager();
        var mask = NotificationMask.of(Notification.PREPREPARE, Notification.ROLLBACK);
        try (var weary = manager.createResourceManager(null, "weary", Durability.VOLATILE);
                var participant = weary.enlist(current().unitOfWork(), mask, null)) {
            weary.recover();
            participant.rollback();
        }
        assertThat(current().rolledBackBy()).contains(RollbackCause.PARTICIPANT);
    }

    private static void nothingSlipsThroughAfter(Shop.Work rollback) throws Exception {
        assertThatExceptionOfType(EJBException.class)
                .isThrownBy(() -> inTransaction(() -> {
                    server.shop.note("refused");
                    rollback.run();
                    assertThatThrownBy(() -> server.shop.note("refused")).isInstanceOf(Exception.class);
                    assertThatThrownBy(() -> server.shop.book("refused")).isInstanceOf(Exception.class);
                    assertThatThrownBy(() -> server.shop.stock("refused")).isInstanceOf(Exception.class);
                }));

        assertThat(server.manager().getTransaction()).isNull();
        assertThat(server.shop.noted()).doesNotContain("refused");
        assertThat(server.shop.booked()).doesNotContain("refused");
        assertThat(server.shop.isStocked("refused")).isFalse();
    }

    @Test
    void nothingSlipsThroughAfterAnotherThreadHasRolledBackAndTheCallerLearnsOfIt() throws Exception {
        nothingSlipsThroughAfter(ProviderTest::rollBackFromOutside);
    }

    @Test
    void nothingSlipsThroughAfterAParticipantHasRolledBackAndTheCallerLearnsOfIt() throws Exception {
        nothingSlipsThroughAfter(ProviderTest::rollBackAsParticipant);
    }

    @Test
    void nothingSlipsThroughWhatIsMarked() throws Exception {
        inTransaction(() -> {
            server.shop.note("only marked");
            server.manager().setRollbackOnly();
            assertThatThrownBy(() -> server.shop.book("only marked")).isInstanceOf(Exception.class);
        });

        assertThat(server.shop.noted()).doesNotContain("only marked");
        assertThat(server.shop.booked()).doesNotContain("only marked");
    }

    @Test
    void whoRollsBackSeesThatItIsRolledBack() throws Exception {
        var told = new ArrayList<Integer>();
        server.manager().begin();
        var transaction = Objects.requireNonNull(server.manager().getTransaction());
        transaction.registerSynchronization(
                new AtTheEnd(status -> told.add(((ServerTransaction) transaction).getStatus())));

        server.manager().rollback();

        assertThat(told).isEqualTo(List.of(Status.STATUS_ROLLEDBACK));
    }

    @Test
    void aTransactionKeepsItsConnectionsWhenTheCollectorComes() throws Exception {
        inTransaction(() -> {
            server.shop.note("kept");
            server.shop.book("kept");
            System.gc();
            assertThat(server.shop.isNoted("kept")).isTrue();
            assertThat(server.shop.isBooked("kept")).isTrue();
        });
    }

    @Test
    void theRegistryKeepsResourcesAndTellsOfTheEnd() throws Exception {
        var told = new ArrayList<Integer>();

        inTransaction(() -> {
            var registry = (TransactionSynchronizationRegistry)
                    server.shop.lookUp("java:comp/TransactionSynchronizationRegistry");
            registry.putResource("key", "value");
            assertThat(server.manager().getResource("key")).isEqualTo("value");
            registry.registerInterposedSynchronization(new AtTheEnd(told::add));
        });

        assertThat(told).isEqualTo(List.of(Status.STATUS_COMMITTED));
    }

    @Test
    void entitiesAndRowsOfAnotherDatabaseCommitTogether() throws Exception {
        var transaction = inTransaction(() -> server.shop.stock("desk"));

        assertThat(transaction.history()).contains(TransactionState.PREPARED);
        assertThat(server.shop.isStocked("desk")).isTrue();
        assertThat(server.shop.noted()).contains("desk");
    }

    @Test
    void entitiesAreRolledBackWithTheOthers() throws Exception {
        assertThatExceptionOfType(EJBException.class)
                .isThrownBy(() -> inTransaction(() -> {
                    server.shop.stock("bench");
                    throw new IllegalStateException("sold out");
                }));

        assertThat(server.shop.isStocked("bench")).isFalse();
        assertThat(server.shop.noted()).doesNotContain("bench");
    }

    private record AtTheEnd(IntConsumer told) implements Synchronization {

        @Override
        public void beforeCompletion() {}

        @Override
        public void afterCompletion(int status) {
            told.accept(status);
        }
    }
}
