package dev.ktm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Visits every state that up to three participants of every kind, the client, the log, the clock and a superior can
 * bring a transaction into, by every call in every order, and checks the rules in each of them.
 */
@Tag("slow")
class ProtocolExplorationTest {

    /** What may be done to a transaction; refused where it makes no sense. */
    private interface Action {
        void apply(Run run) throws KtmException;
    }

    /** Which participants take part. */
    private enum Kind {
        DURABLE,
        SINGLE_PHASE,
        VOLATILE,
        CACHE,
        LAST,
        SUPERIOR
    }

    static Stream<List<Kind>> casts() {
        var casts = new ArrayList<List<Kind>>();
        var subordinates = List.of(Kind.DURABLE, Kind.SINGLE_PHASE, Kind.VOLATILE, Kind.CACHE);
        for (var first : subordinates) {
            casts.add(List.of(first));
            casts.add(List.of(first, Kind.SUPERIOR));
            casts.add(List.of(first, Kind.LAST));
            for (var second : subordinates) {
                if (second.compareTo(first) >= 0) {
                    casts.add(List.of(first, second));
                    casts.add(List.of(first, second, Kind.SUPERIOR));
                    casts.add(List.of(first, second, Kind.DURABLE));
                    casts.add(List.of(first, Kind.LAST, second));
                }
            }
        }
        return casts.stream();
    }

    @ParameterizedTest
    @MethodSource("casts")
    void keepsItsRulesInEveryStateThatCanBeReached(List<Kind> cast, TestReporter reporter) {
        var actions = actions(cast.size(), cast.contains(Kind.SUPERIOR), cast.contains(Kind.LAST));
        var seen = new HashSet<String>();
        var paths = new ArrayDeque<List<Action>>();
        paths.add(List.of());
        seen.add(new Run(cast).key());
        boolean committed = false;
        boolean aborted = false;
        while (!paths.isEmpty()) {
            var path = paths.remove();
            for (var action : actions) {
                var run = Run.replay(cast, path);
                run.step(action);
                if (seen.add(run.key())) {
                    var longer = new ArrayList<>(path);
                    longer.add(action);
                    paths.add(longer);
                    committed |= run.protocol.state() == TransactionState.FORGOTTEN
                            && run.protocol.outcome() == Outcome.COMMITTED;
                    aborted |= run.protocol.state() == TransactionState.FORGOTTEN
                            && run.protocol.outcome() == Outcome.ABORTED;
                }
            }
        }
        reporter.publishEntry(cast.toString(), seen.size() + " states");
        assertThat(committed)
                .as("an end in which all have committed was reached")
                .isTrue();
        assertThat(aborted)
                .as("an end in which all have rolled back was reached")
                .isTrue();
    }

    private static List<Action> actions(int participants, boolean superior, boolean last) {
        var actions = new ArrayList<Action>();
        actions.add(run -> run.protocol.commit());
        actions.add(run -> run.protocol.rollback());
        actions.add(run -> run.protocol.abort(RollbackCause.TIMEOUT));
        actions.add(run -> run.log(run.protocol::reserved, "reserve"));
        actions.add(run -> run.log(run.protocol::reservationFailed, "reserve"));
        actions.add(Run::decide);
        actions.add(run -> run.log(() -> run.protocol.decisionFailed(false), "force"));
        actions.add(run -> run.log(() -> run.protocol.decisionFailed(true), "force"));
        for (int i = 0; i < participants; i++) {
            int index = i;
            for (var reply : Reply.values()) {
                actions.add(run -> run.reply(run.cast.get(index), reply));
            }
            actions.add(run -> run.protocol.postponed(run.cast.get(index)));
            actions.add(run -> run.protocol.closed(run.cast.get(index)));
            if (last) {
                actions.add(run -> run.disconnect(run.cast.get(index)));
            }
        }
        if (last) {
            actions.add(run -> run.protocol.decideInPlaceOfLast(true));
            actions.add(run -> run.protocol.decideInPlaceOfLast(false));
        }
        if (superior) {
            actions.add(run -> run.protocol.prePrepareBySuperior());
            actions.add(run -> run.protocol.prepareBySuperior());
            actions.add(run -> run.protocol.commitBySuperior());
        }
        return actions;
    }

    /** A transaction, and what has been promised about it. */
    private static final class Run implements Effects {
        private final TransactionProtocol protocol = new TransactionProtocol(this);
        private final List<Script.Named> cast = new ArrayList<>();
        private final List<String> told = new ArrayList<>();
        private String log = "";
        private boolean durable;
        private boolean completed;
        private boolean forgotten;
        private boolean singlePhaseRejected;
        /** Whether it is durable that the last one decides. */
        private boolean delegated;
        /** Whether what the last one has decided could not be written: it counts all the same. */
        private boolean decidedByLast;

        private static final NotificationMask LAST = NotificationMask.of(
                Notification.PREPARE,
                Notification.COMMIT,
                Notification.ROLLBACK,
                Notification.SINGLE_PHASE_COMMIT,
                Notification.INDOUBT);

        Run(List<Kind> kinds) {
            for (var kind : kinds) {
                var participant = switch (kind) {
                    case DURABLE -> new Script.Named("durable", Script.ALL_PHASES, true, Role.ANY);
                    case SINGLE_PHASE -> new Script.Named("single", Script.SINGLE_PHASE, true, Role.ANY);
                    case VOLATILE -> new Script.Named("volatile", Script.ALL_PHASES, false, Role.ANY);
                    case CACHE ->
                        new Script.Named(
                                "cache",
                                NotificationMask.of(Notification.PREPREPARE, Notification.ROLLBACK),
                                false,
                                Role.ANY);
                    case LAST -> new Script.Named("last", LAST, true, Role.LAST);
                    case SUPERIOR -> new Script.Named("superior", Script.SUPERIOR, true, Role.SUPERIOR);
                };
                cast.add(participant);
                try {
                    protocol.enlist(participant);
                } catch (KtmException e) {
                    throw new AssertionError(e);
                }
            }
        }

        static Run replay(List<Kind> cast, List<Action> path) {
            var run = new Run(cast);
            for (var action : path) {
                run.step(action);
            }
            return run;
        }

        /** Does it; a refusal must leave everything as it was (I-7). */
        void step(Action action) {
            var before = key();
            int toldBefore = told.size();
            try {
                action.apply(this);
            } catch (KtmException e) {
                assertThat(key()).as("after a refusal: %s", e.getMessage()).isEqualTo(before);
                assertThat(told).hasSize(toldBefore);
            }
            checkRules();
        }

        void log(Runnable answer, String awaited) {
            if (log.startsWith(awaited)) {
                log = "";
                decidedByLast |= protocol.isDecidedByLast();
                answer.run();
            }
        }

        /** Its resource manager closes, and announces it at once when it comes back. */
        void disconnect(Participant participant) throws KtmException {
            if (participant.state() == EnlistmentState.DELEGATED) {
                protocol.disconnected(participant);
            }
        }

        void reply(Participant participant, Reply reply) throws KtmException {
            protocol.reply(participant, reply);
        }

        void decide() {
            if (log.startsWith("force")) {
                durable |= log.equals("force decision") || log.equals("force superior's decision");
                delegated |= log.equals("force delegation");
                log = "";
                protocol.decided();
            }
        }

        private void checkRules() {
            if (log.equals("force decision")
                    || log.equals("force rollback")
                    || log.equals("force forgotten")
                    || log.equals("force superior's decision")) {
                assertThat(protocol.outcome())
                        .as("while the decision may become durable nothing else is decided")
                        .isEqualTo(Outcome.UNDETERMINED);
            }
            if (protocol.state() == TransactionState.FORGOTTEN && protocol.outcome() != Outcome.UNAVAILABLE) {
                var end = protocol.outcome() == Outcome.COMMITTED ? EnlistmentState.COMMITTED : EnlistmentState.ABORTED;
                assertThat(cast).allMatch(each -> each.state() == end || each.state() == EnlistmentState.READ_ONLY);
                assertThat(forgotten).isTrue();
            }
            assertThat(forgotten).isEqualTo(protocol.state() == TransactionState.FORGOTTEN);
        }

        @Override
        public void tell(Participant participant, Notification notification) {
            told.add(participant + " " + notification);
            assertThat(participant.mask().has(notification))
                    .as("%s in the mask of %s", notification, participant)
                    .isTrue();
            if (notification == Notification.COMMIT) {
                assertThat(cast)
                        .as("I-1: everybody has voted")
                        .noneMatch(each -> each.state() == EnlistmentState.PREPARING
                                || each.state() == EnlistmentState.PRE_PREPARING);
                boolean anyDurable = cast.stream()
                        .anyMatch(each -> each.isDurable()
                                && !each.isSuperior()
                                && each.role() != Role.LAST
                                && each.mask().has(Notification.COMMIT)
                                && each.state() != EnlistmentState.READ_ONLY);
                assertThat(durable || decidedByLast || !anyDurable)
                        .as("I-1: the decision is durable")
                        .isTrue();
            }
            if (notification == Notification.PREPARE) {
                assertThat(log).as("I-8: space is reserved before").isEmpty();
            }
            if (notification == Notification.PREPARE) {
                assertThat(participant.role())
                        .as("the last one is not asked to prepare")
                        .isNotEqualTo(Role.LAST);
            }
            if (notification == Notification.SINGLE_PHASE_COMMIT && participant.role() == Role.LAST) {
                assertOthersWait(participant);
            } else if (notification == Notification.SINGLE_PHASE_COMMIT) {
                assertThat(cast.stream().filter(each -> each.state() != EnlistmentState.READ_ONLY))
                        .as("a delegate is alone")
                        .hasSize(1);
                assertThat(singlePhaseRejected).isFalse();
            }
            if (notification == Notification.PREPREPARE && protocol.state() == TransactionState.PRE_PREPARING) {
                singlePhaseRejected |= told.contains(participant + " SINGLE_PHASE_COMMIT");
            }
        }

        private void assertOthersWait(Participant last) {
            var others = cast.stream()
                    .filter(each -> each != last && each.state() != EnlistmentState.READ_ONLY)
                    .toList();
            assertThat(others)
                    .as("whoever is asked to prepare has voted before the last one decides")
                    .noneMatch(each -> each.owes()
                            || (each.mask().has(Notification.PREPARE) && each.state() != EnlistmentState.PREPARED));
            assertThat(delegated || others.stream().noneMatch(Participant::isDurable))
                    .as("after a crash it is known whom to ask")
                    .isTrue();
        }

        @Override
        public void reserve() {
            log = "reserve";
        }

        @Override
        public void forceDecision() {
            log = "force decision";
        }

        @Override
        public void forcePrepared() {
            log = "force prepared";
        }

        @Override
        public void forceSuperiorDecision() {
            log = "force superior's decision";
        }

        @Override
        public void forceDelegation() {
            log = "force delegation";
        }

        @Override
        public void forceRollback() {
            log = "force rollback";
        }

        @Override
        public void forceForgotten() {
            log = "force forgotten";
        }

        @Override
        public void complete(Outcome outcome) {
            assertThat(completed).as("the client is told once").isFalse();
            completed = true;
            boolean prepared = cast.stream().anyMatch(each -> each.state() == EnlistmentState.PREPARED);
            assertThat(outcome == Outcome.COMMITTED && prepared).isFalse();
        }

        @Override
        public void forget() {
            assertThat(forgotten).isFalse();
            assertThat(completed).isTrue();
            assertThat(cast)
                    .as("I-5: everybody has answered")
                    .noneMatch(each -> each.state() == EnlistmentState.COMMITTED_NOTIFY
                            || each.state() == EnlistmentState.ABORTING
                            || each.state() == EnlistmentState.PREPARED);
            forgotten = true;
        }

        String key() {
            var key = new StringBuilder()
                    .append(protocol.state())
                    .append(protocol.outcome())
                    .append(protocol.isCommitRequested())
                    .append(log)
                    .append(durable)
                    .append(delegated)
                    .append(completed)
                    .append(singlePhaseRejected);
            for (var each : cast) {
                key.append(each.state()).append(each.owes());
            }
            return key.toString();
        }
    }
}
