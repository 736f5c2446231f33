package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.rm.OutcomeReport;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several threads at one transaction, and what its reports say of them. */
class JtaTransactionTest {

    private static final int ROUNDS = 500;
    private static final int ATTEMPTS = 40;

    private final BlockingQueue<OutcomeReport> reports = new LinkedBlockingQueue<>();
    private Ktm ktm;
    private TransactionManager manager;

    @BeforeEach
    void open() {
        ktm = Ktm.open(
                KtmOptions.builder().inMemory().reportListener(reports::add).build());
        manager = ktm.transactionManager();
    }

    @AfterEach
    void close() {
        ktm.close();
    }

    /** Counts its calls. */
    private static final class Counting implements Synchronization {
        private final AtomicInteger before = new AtomicInteger();
        private final AtomicInteger after = new AtomicInteger();

        @Override
        public void beforeCompletion() {
            before.incrementAndGet();
        }

        @Override
        public void afterCompletion(int status) {
            after.incrementAndGet();
        }
    }

    @Test
    void everySynchronizationThatIsAcceptedWhileItsTransactionCommitsIsCalled() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            manager.begin();
            var transaction = manager.getTransaction();
            var registering = new AtomicBoolean();
            var accepted = CompletableFuture.supplyAsync(() -> registerMany(transaction, registering));
            while (!registering.get()) {
                Thread.onSpinWait();
            }

            manager.commit();

            for (var each : accepted.get()) {
                assertThat(each.before).as("round %d", round).hasValue(1);
                assertThat(each.after).as("round %d", round).hasValue(1);
            }
        }
    }

    private static List<Counting> registerMany(Transaction transaction, AtomicBoolean registering) {
        var accepted = new ArrayList<Counting>();
        try {
            for (int i = 0; i < ATTEMPTS; i++) {
                var synchronization = new Counting();
                transaction.registerSynchronization(synchronization);
                accepted.add(synchronization);
                registering.set(true);
            }
        } catch (IllegalStateException | RollbackException e) {
            // Too late.
        } catch (jakarta.transaction.SystemException e) {
            throw new IllegalStateException(e);
        }
        registering.set(true);
        return accepted;
    }

    @Test
    void whatIsMarkedForRollbackWhileItCommitsIsNotCommitted() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            manager.begin();
            var transaction = manager.getTransaction();
            var marking = new AtomicBoolean();
            var marked = CompletableFuture.supplyAsync(() -> mark(transaction, marking));
            while (!marking.get()) {
                Thread.onSpinWait();
            }

            boolean committed = commit();

            assertThat(committed && marked.get()).as("round %d", round).isFalse();
        }
    }

    private static boolean mark(Transaction transaction, AtomicBoolean marking) {
        marking.set(true);
        try {
            transaction.setRollbackOnly();
            return true;
        } catch (IllegalStateException e) {
            return false;
        } catch (jakarta.transaction.SystemException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean commit() throws Exception {
        try {
            manager.commit();
            return true;
        } catch (RollbackException e) {
            return false;
        }
    }

    private OutcomeReport nextReport() throws InterruptedException {
        return Objects.requireNonNull(reports.poll(30, TimeUnit.SECONDS), "no report within 30 seconds");
    }

    @Test
    void theReportOfATimeoutSaysWhereItsThreadIs() throws Exception {
        manager.setTransactionTimeout(1);
        manager.begin();

        var report = nextReport();

        assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.TIMED_OUT);
        var owner = report.owner().orElseThrow();
        assertThat(owner.thread()).isEqualTo(Thread.currentThread().getName());
        assertThat(owner.alive()).isTrue();
        assertThat(owner.stack())
                .extracting(StackTraceElement::getMethodName)
                .contains("theReportOfATimeoutSaysWhereItsThreadIs");
        manager.rollback();
    }

    @Test
    void theReportOfATimeoutNamesTheThreadThatHasResumedTheTransaction() throws Exception {
        manager.setTransactionTimeout(1);
        manager.begin();
        var suspended = manager.suspend();
        var thread = new Thread(() -> resumeAndEnd(suspended), "the second one");
        thread.start();
        thread.join();

        var owner = nextReport().owner().orElseThrow();

        assertThat(owner.thread()).isEqualTo("the second one");
        assertThat(owner.alive()).isFalse();
        assertThat(owner.stack()).isEmpty();
        suspended.rollback();
    }

    /** Comes to its end without suspending it. */
    private void resumeAndEnd(Transaction suspended) {
        try {
            manager.resume(suspended);
        } catch (jakarta.transaction.InvalidTransactionException | jakarta.transaction.SystemException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theReportOfATimeoutSaysThatTheTransactionWasSuspended() throws Exception {
        manager.setTransactionTimeout(1);
        manager.begin();
        var suspended = manager.suspend();

        var report = nextReport();

        assertThat(report.owner()).isEmpty();
        assertThat(report.cause()).contains("associated with no thread");
        assertThat(suspended.getStatus()).isIn(Status.STATUS_ROLLING_BACK, Status.STATUS_ROLLEDBACK);
        suspended.rollback();
    }

    @Test
    void aListenerThatFailsKeepsNothingFromTimingOut() throws Exception {
        ktm.close();
        ktm = Ktm.open(KtmOptions.builder()
                .inMemory()
                .reportListener(report -> {
                    reports.add(report);
                    throw new IllegalStateException("the listener is broken");
                })
                .build());
        manager = ktm.transactionManager();
        manager.setTransactionTimeout(1);
        for (int i = 0; i < 2; i++) {
            manager.begin();

            assertThat(nextReport().kind()).isEqualTo(OutcomeReport.Kind.TIMED_OUT);

            manager.rollback();
        }
    }
}
