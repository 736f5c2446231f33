package dev.ktm.tm;

import static dev.ktm.testing.ScriptedResourceManager.ALONE;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.Outcome;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.testing.ScriptedResourceManager.Part;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Everything at once: whatever happens beside a commit, everybody is told the same, and nobody waits for ever. */
class InterferenceTest {

    private static final int ROUNDS = 150;

    private final Machine machine = new Machine();

    @AfterEach
    void close() {
        machine.close();
    }

    /** Does this beside the commit, at the same time. */
    private interface Interference {
        void with(TransactionHandle transaction, Part first, ScriptedResourceManager one) throws Exception;
    }

    private void interfere(boolean alone, Interference interference) throws Exception {
        var manager = machine.recovered();
        for (int round = 0; round < ROUNDS; round++) {
            var one = machine.durable(manager, "one");
            var two = machine.durable(manager, "two");
            var transaction = manager.createTransaction(TransactionOptions.DEFAULT.withTimeout(Duration.ofSeconds(1)));
            var first = one.enlist(transaction, alone ? ALONE : PHASES);
            var second = alone ? first : two.enlist(transaction, PHASES);
            var start = new CyclicBarrier(2);
            var beside = CompletableFuture.runAsync(
                    () -> Failures.unchecked(() -> {
                        start.await();
                        interference.with(transaction, first, one);
                    }),
                    Failures::inThread);
            start.await();
            var end = commit(transaction);
            beside.get(30, TimeUnit.SECONDS);
            var outcome = end.get(30, TimeUnit.SECONDS);

            one.close();
            var back = machine.durable(manager, "one");
            back.handle().recover();
            for (var recovered : announced(back)) {
                back.recover(recovered.enlistment());
            }
            if (!alone) {
                assertThat(second.heard())
                        .endsWith(outcome == Outcome.COMMITTED ? Notification.COMMIT : Notification.ROLLBACK)
                        .doesNotHaveDuplicates();
            }
            assertTold(outcome, first, back);
            back.close();
            two.close();
            assertThat(manager.transactions()).isEmpty();
        }
    }

    private static List<NotificationEvent.Recovered> announced(ScriptedResourceManager back) {
        return back.events().stream()
                .map(NotificationEvent::recovered)
                .flatMap(Optional::stream)
                .toList();
    }

    /** In either life it was told to commit if and only if that is the outcome. */
    private static void assertTold(Outcome outcome, Part first, ScriptedResourceManager back) {
        var heard = new ArrayList<>(first.heard());
        heard.addAll(back.heard());
        boolean decidedAlone = heard.contains(Notification.SINGLE_PHASE_COMMIT);
        if (outcome == Outcome.COMMITTED && !decidedAlone) {
            assertThat(heard).contains(Notification.COMMIT);
        }
        if (outcome == Outcome.ABORTED) {
            assertThat(heard).doesNotContain(Notification.COMMIT);
        }
    }

    private static CompletableFuture<Outcome> commit(TransactionHandle transaction) throws KtmException {
        try {
            return transaction.commitAsync().toCompletableFuture();
        } catch (KtmException e) {
            return transaction.completion().toCompletableFuture();
        }
    }

    @Test
    void aResourceManagerThatIsClosed() throws Exception {
        interfere(false, (transaction, first, one) -> one.close());
    }

    @Test
    void aResourceManagerThatIsClosedWhileItDecidesAlone() throws Exception {
        interfere(true, (transaction, first, one) -> one.close());
    }

    @Test
    void anEnlistmentThatIsClosed() throws Exception {
        interfere(false, (transaction, first, one) -> first.enlistment().close());
    }

    @Test
    void aTimeout() throws Exception {
        interfere(false, (transaction, first, one) -> machine.pass(Duration.ofSeconds(1)));
    }

    @Test
    void aRollbackByAParticipant() throws Exception {
        interfere(false, (transaction, first, one) -> {
            try {
                first.enlistment().rollback();
            } catch (KtmException e) {
                // It has voted already.
            }
        });
    }

    @Test
    void aRollbackByTheClient() throws Exception {
        interfere(false, (transaction, first, one) -> transaction.abort(new IllegalStateException("regret")));
    }

    @Test
    void anAnswerThatNobodyAskedFor() throws Exception {
        interfere(false, (transaction, first, one) -> {
            for (int i = 0; i < 20; i++) {
                try {
                    first.enlistment().prepareComplete();
                } catch (KtmException e) {
                    // That is what it is for.
                }
            }
        });
    }

    @Test
    void aTransactionManagerThatIsClosed() throws Exception {
        for (int round = 0; round < 60; round++) {
            try (var life = new Machine()) {
                var manager = life.recovered();
                var one = life.durable(manager, "one");
                var two = life.durable(manager, "two");
                var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
                var first = one.enlist(transaction, PHASES);
                var second = two.enlist(transaction, PHASES);
                var start = new CyclicBarrier(2);
                var beside = CompletableFuture.runAsync(
                        () -> Failures.unchecked(() -> {
                            start.await();
                            manager.close();
                        }),
                        Failures::inThread);
                start.await();
                var outcome = commit(transaction).get(30, TimeUnit.SECONDS);
                beside.get(30, TimeUnit.SECONDS);

                try (var next = life.afterCrash()) {
                    boolean known = next.recovered().transactions().contains(transaction.unitOfWork());
                    for (var part : List.of(first, second)) {
                        boolean told = part.heard().contains(Notification.COMMIT);
                        switch (outcome) {
                            case COMMITTED -> assertThat(told || known).isTrue();
                            case ABORTED -> assertThat(told || known).isFalse();
                            default -> assertThat(told).isFalse();
                        }
                    }
                }
            }
        }
    }
}
