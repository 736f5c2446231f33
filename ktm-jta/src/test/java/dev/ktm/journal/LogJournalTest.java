package dev.ktm.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.log.LogOptions;
import dev.ktm.log.LogStream;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationHook;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

class LogJournalTest {

    private final SimulatedDevice device = new SimulatedDevice();

    private static Log open(SimulatedDevice device) throws LogException {
        var log = Log.open(
                device,
                LogOptions.builder().containers(0).idleFlush(Duration.ZERO).build());
        if (log.containers().isEmpty()) {
            log.addContainers(3, 1);
        }
        return log;
    }

    private static TransactionRecord committed(Log log, long sequence) {
        return new TransactionRecord(
                TransactionRecord.Status.COMMITTED,
                new TransactionId(log.identity(), log.incarnation(), sequence),
                new UUID(0, sequence),
                sequence,
                Optional.empty(),
                List.of(
                        new EnlistmentRecord(new UUID(4, 1), new UUID(1, sequence), new byte[0]),
                        new EnlistmentRecord(new UUID(4, 2), new UUID(2, sequence), new byte[] {1, 2, 3})));
    }

    private static TransactionId decide(LogJournal journal, TransactionRecord record) throws Exception {
        try (var space = journal.reserve(record)) {
            journal.force(space, record);
        }
        return record.id();
    }

    private static Set<Long> sequences(Journal journal) {
        return journal.found().stream()
                .map(transaction -> transaction.id().sequence())
                .collect(Collectors.toSet());
    }

    /** What a restart finds if the machine stops now. */
    private static Set<Long> afterCrash(SimulatedDevice device) throws IOException {
        try (var log = open(device.copy());
                var journal = LogJournal.open(log)) {
            return sequences(journal);
        }
    }

    @Test
    void aDecisionIsFoundAfterACrashUntilItHasEnded() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            var record = committed(log, 1);
            var id = decide(journal, record);
            assertThat(afterCrash(device)).containsExactly(1L);
            try (var again = open(device.copy());
                    var reopened = LogJournal.open(again)) {
                assertThat(reopened.found()).containsExactly(record);
                assertThat(reopened.clock()).isEqualTo(1);
            }

            journal.end(id);
            assertThat(afterCrash(device)).as("an end is not forced").containsExactly(1L);
            journal.force();

            assertThat(afterCrash(device)).isEmpty();
        }
    }

    @Test
    void whatIsPreparedIsFoundAsThatUntilItsSuperiorHasDecided() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            var superior = Optional.of(new EnlistmentRecord(new UUID(4, 3), new UUID(3, 4), new byte[] {9}));
            var id = new TransactionId(log.identity(), log.incarnation(), 7);
            var prepared = new TransactionRecord(
                    TransactionRecord.Status.PREPARED, id, new UUID(0, 7), 5, superior, List.of());
            var decided = prepared.committed(6);
            try (var space = journal.reserve(prepared, decided)) {
                journal.force(space, prepared);
                journal.force(space, decided);
            }

            assertThat(journal.live()).containsExactly(decided);
        }
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            assertThat(journal.found())
                    .extracting(TransactionRecord::status)
                    .containsExactly(TransactionRecord.Status.COMMITTED);
            assertThat(journal.clock()).isEqualTo(6);
        }
    }

    private static OperatorAct act(TransactionId id, String why) {
        return new OperatorAct(
                OperatorAct.Kind.FORGET, id, new UUID(0, 1), Optional.empty(), Instant.EPOCH, "jane", why);
    }

    private static List<OperatorAct> actsAfterCrash(SimulatedDevice device) throws IOException {
        try (var log = open(device.copy());
                var journal = LogJournal.open(log)) {
            return journal.acts();
        }
    }

    @Test
    void whatAnOperatorDoesIsThereAfterACrashAndHoweverMuchIsWrittenAfterwards() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            var act = act(committed(log, 1).id(), "mended");
            journal.note(act);
            assertThat(actsAfterCrash(device)).containsExactly(act);

            long capacity = log.stats().containers() * log.stats().containerBytes();
            long sequence = 2;
            while (log.stats().writtenBytes() < 4 * capacity) {
                journal.end(decide(journal, committed(log, sequence++)));
            }

            assertThat(log.containers()).hasSize(3);
            assertThat(actsAfterCrash(device)).containsExactly(act);
            journal.checkpoint();
            assertThat(actsAfterCrash(device)).containsExactly(act);
        }
        assertThat(actsAfterCrash(device)).as("after a clean end").hasSize(1);
    }

    @Test
    void theLast100ActsOfOperatorsAreKeptAndThoseOfWhatIsLive() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            var live = decide(journal, committed(log, 1));
            var first = act(live, "live");
            journal.note(first);
            for (int i = 0; i < 150; i++) {
                journal.note(act(committed(log, 2).id(), "reason " + i));
            }

            assertThat(journal.acts()).hasSize(101).startsWith(first);
            assertThat(journal.acts())
                    .extracting(OperatorAct::why)
                    .contains("reason 149", "reason 50")
                    .doesNotContain("reason 49");
            journal.checkpoint();
            assertThat(actsAfterCrash(device)).isEqualTo(journal.acts());
            journal.end(live);
            journal.note(act(committed(log, 2).id(), "one more"));

            assertThat(journal.acts()).hasSize(100).doesNotContain(first);
        }
    }

    @Test
    void anActIsKeptAmongTheLast100HoweverManyOfLiveTransactionsThereAre() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            for (int i = 1; i <= 100; i++) {
                journal.note(act(decide(journal, committed(log, i)), "live"));
            }
            var last = act(committed(log, 101).id(), "mended");

            journal.note(last);

            assertThat(journal.acts()).hasSize(101).endsWith(last);
            assertThat(actsAfterCrash(device)).isEqualTo(journal.acts());
            journal.checkpoint();
            assertThat(actsAfterCrash(device)).isEqualTo(journal.acts());
            for (int i = 0; i < 99; i++) {
                journal.note(act(committed(log, 101).id(), "reason " + i));
            }
            assertThat(journal.acts()).hasSize(200).contains(last);
            journal.note(act(committed(log, 101).id(), "one more"));
            assertThat(journal.acts()).hasSize(200).doesNotContain(last);
        }
    }

    @Test
    void actsAreInOrderAfterARestartIfMoreIsLiveThanFitsIntoARestartArea() throws Exception {
        int many = 1_500;
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            for (int i = 1; i <= many; i++) {
                var live = decide(journal, committed(log, i));
                if (i <= 100) {
                    journal.note(act(live, "live"));
                }
            }
            // The newest record of the log, which stays where it is when the others are written again.
            var last = act(committed(log, many + 1).id(), "mended");
            journal.note(last);
            journal.checkpoint();

            assertThat(actsAfterCrash(device)).hasSize(101).endsWith(last).isEqualTo(journal.acts());
        }
    }

    @Test
    void whatOperatorsHaveDoneOutlivesANewIdentity() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            var act = act(committed(log, 1).id(), "mended");
            journal.note(act);

            journal.rename(new UUID(77, 77));

            assertThat(actsAfterCrash(device)).containsExactly(act);
        }
        assertThat(actsAfterCrash(device)).as("after a clean end").hasSize(1);
    }

    @Test
    void aTransactionThatIsNeverAnsweredDoesNotPinTheLog() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            decide(journal, committed(log, 1));
            long capacity = log.stats().containers() * log.stats().containerBytes();

            long sequence = 2;
            while (log.stats().writtenBytes() < 4 * capacity) {
                journal.end(decide(journal, committed(log, sequence++)));
            }

            assertThat(log.containers()).hasSize(3);
            assertThat(journal.live()).hasSize(1);
            assertThat(afterCrash(device)).contains(1L);
        }
    }

    @Test
    void moreLiveTransactionsThanFitIntoARestartAreaAreCarriedForward() throws Exception {
        int many = 1_500;
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            for (int i = 1; i <= many; i++) {
                decide(journal, committed(log, i));
            }
            var stream = log.stream(LogJournal.STREAM);
            long before = stream.base();
            journal.checkpoint();
            assertThat(stream.base()).isGreaterThan(before);
            journal.checkpoint();

            assertThat(afterCrash(device))
                    .isEqualTo(LongStream.rangeClosed(1, many).boxed().collect(Collectors.toSet()));
        }
    }

    @Test
    void whatIsLiveIsNotWrittenAgainAndAgain() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            long capacity = log.stats().containers() * log.stats().containerBytes();
            long sequence = 1;
            while (log.stats().writtenBytes() < capacity / 2) {
                decide(journal, committed(log, sequence++));
            }
            long before = log.stats().writtenBytes();

            long last = sequence + 200;
            while (sequence < last) {
                journal.end(decide(journal, committed(log, sequence++)));
            }

            // Each of these is written into a block of its own, and its end into at most another.
            assertThat(log.stats().writtenBytes() - before).isLessThan(2 * 200 * 4096L + capacity / 4);
        }
    }

    @Test
    void aDecisionThatMayBeWrittenIsToldFromOneThatCertainlyIsNot() throws Exception {
        try (var log = open(device)) {
            var journal = LogJournal.open(log);
            var first = committed(log, 1);
            var second = committed(log, 2);
            try (var space = journal.reserve(first);
                    var other = journal.reserve(second)) {
                device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));

                assertThatThrownBy(() -> journal.force(space, first)).isInstanceOf(UnknownOutcomeException.class);
                assertThatThrownBy(() -> journal.force(other, second)).isInstanceOf(LogException.class);
            }
            assertThatThrownBy(journal::close).isInstanceOf(LogException.class);
        } catch (LogException e) {
            // The log says once more, when it is closed, that it has failed.
            assertThat(e).hasMessageContaining("failed");
        }
    }

    @Test
    void aNewIdentityIsThereAfterARestartAndRefusedWhileTransactionsAreLive() throws Exception {
        var renamed = new UUID(11, 12);
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            var id = decide(journal, committed(log, 1));
            assertThat(journal.manager()).isEqualTo(log.identity());
            assertThatThrownBy(() -> journal.rename(renamed)).isInstanceOf(IllegalStateException.class);

            journal.end(id);
            journal.rename(renamed);
        }

        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            assertThat(journal.manager()).isEqualTo(renamed);
            assertThat(journal.found()).isEmpty();
            assertThat(journal.clock()).isEqualTo(1);
        }
    }

    @Test
    void aFailureBehindTheForceOfALogAtItsLastBlocksLeavesTheOutcomeOpen() throws Exception {
        var log = open(device);
        var journal = LogJournal.open(log);
        var record = committed(log, 1);
        var space = journal.reserve(record);
        var other = log.stream("other");
        fill(other, 500, 1);
        log.stream("third").writeRestart(ByteBuffer.allocate(8));
        device.hook(new OperationHook() {
            @Override
            public void after(OperationKind kind, String name) throws IOException {
                if (kind == OperationKind.WRITE_FORCE) {
                    throw new IOException("the answer is lost");
                }
            }
        });

        assertThatThrownBy(() -> journal.force(space, record)).isInstanceOf(UnknownOutcomeException.class);

        assertThat(afterCrash(device)).containsExactly(1L);
    }

    @Test
    void anEndThatFoundNoSpaceIsMadeDurableAllTheSame() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log);
                var other = log.stream("other")) {
            var ended = decide(journal, committed(log, 1));
            decide(journal, committed(log, 2));
            fill(other, 60_000, 500, 1);

            journal.end(ended);
            assertThat(afterCrash(device)).contains(1L);
            journal.force();

            assertThat(afterCrash(device)).containsExactly(2L);
        }
    }

    @Test
    void anEndThatCannotBeMadeDurableIsNotSaidToBe() throws Exception {
        var log = open(device);
        var journal = LogJournal.open(log);
        var ended = decide(journal, committed(log, 1));
        fill(log.stream("other"), 60_000, 500, 1);
        journal.end(ended);
        device.hook(new OperationHook() {
            @Override
            public void before(OperationKind kind, String name) throws IOException {
                throw new IOException("no");
            }
        });

        assertThatThrownBy(journal::force).isInstanceOf(LogException.class);

        assertThat(afterCrash(device)).containsExactly(1L);
    }

    private static void fill(LogStream other, int... sizes) throws LogException {
        for (int size : sizes) {
            boolean full = false;
            while (!full) {
                try {
                    other.append(ByteBuffer.allocate(size));
                } catch (LogFullException e) {
                    full = true;
                }
            }
        }
    }

    @Test
    void aFullLogIsFreedByACheckpointBeforeACommitIsRefused() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log);
                var other = log.stream("other")) {
            decide(journal, committed(log, 1));
            fill(other, 60_000);
            other.clear();
            long sequence = 2;
            for (int i = 0; i < 2_000; i++) {
                journal.end(decide(journal, committed(log, sequence++)));
            }

            assertThat(afterCrash(device)).contains(1L);
        }
    }

    @Test
    void carriesEverythingForwardWhileOthersDecideAndEnd() throws Exception {
        try (var log = open(device);
                var journal = LogJournal.open(log)) {
            var workers = new ArrayList<CompletableFuture<Set<Long>>>();
            for (int worker = 0; worker < 4; worker++) {
                long first = 1 + worker * 1_000_000L;
                workers.add(CompletableFuture.supplyAsync(
                        () -> work(log, journal, first), task -> new Thread(task).start()));
            }
            while (!workers.stream().allMatch(CompletableFuture::isDone)) {
                journal.checkpoint();
            }
            var live = new HashSet<Long>();
            for (var worker : workers) {
                live.addAll(worker.get());
            }

            // An end for which a full log had no space is left behind by this.
            journal.force();
            assertThat(afterCrash(device)).isEqualTo(live);
        }
    }

    /** Decides a few hundred transactions and leaves every tenth unfinished. */
    private static Set<Long> work(Log log, LogJournal journal, long first) {
        var live = new HashSet<Long>();
        try {
            for (long sequence = first; sequence < first + 300; sequence++) {
                var id = decide(journal, committed(log, sequence));
                if (sequence % 10 == 0) {
                    live.add(sequence);
                } else {
                    journal.end(id);
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return live;
    }

    /** What must be there after a crash at this point, and what may be. */
    private record Known(Set<Long> must, Set<Long> may) {}

    @Test
    @Tag("slow")
    void remembersWhatIsDecidedAndNotEndedAfterACrashAnywhere(TestReporter reporter) throws Exception {
        var must = new HashSet<Long>();
        var may = new HashSet<Long>();
        try (var log = open(device)) {
            var journal = LogJournal.open(log);
            device.forgetHistory();
            for (long sequence = 1; sequence <= 120; sequence++) {
                may.add(sequence);
                device.mark(new Known(Set.copyOf(must), Set.copyOf(may)));
                var id = decide(journal, committed(log, sequence));
                must.add(sequence);
                device.mark(new Known(Set.copyOf(must), Set.copyOf(may)));
                if (sequence % 3 != 0) {
                    must.remove(sequence);
                    device.mark(new Known(Set.copyOf(must), Set.copyOf(may)));
                    journal.end(id);
                }
                if (sequence % 7 == 0) {
                    journal.checkpoint();
                }
                if (sequence % 8 == 0) {
                    log.force();
                    may.retainAll(must);
                    device.mark(new Known(Set.copyOf(must), Set.copyOf(may)));
                }
            }
            journal.close();
        }

        long states = CrashStates.of(device.history()).atMostPerPoint(400).forEach(state -> {
            var known = state.lastMark(Known.class).orElse(new Known(Set.of(), Set.of()));
            var found = afterCrash(state.device());
            assertThat(found).containsAll(known.must());
            assertThat(known.may()).containsAll(found);
        });
        reporter.publishEntry("crash states", Long.toString(states));
        assertThat(states).isGreaterThan(400);
    }
}
