package dev.ktm.tm;

import dev.ktm.protocol.Role;
import dev.ktm.rm.BranchId;
import dev.ktm.rm.Damage;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.ParticipantDescription;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A transaction at one moment, for people: everything in it belongs together.
 *
 * @param unitOfWork the id that clients know it by
 * @param id its identity; empty while it is bound to no transaction manager
 * @param description for people; empty if nothing was said
 * @param state where it stands
 * @param outcome what became of it
 * @param isRecovered whether it is of an earlier life
 * @param since when it began, or was found in the log if it is of an earlier life
 * @param age for how long it has been there since then
 * @param timeLeft how long it has until it is rolled back; empty if for ever, or if that does not matter any more
 * @param isReadOnly whether its owner has said that it changes nothing
 * @param rollbackCause why it was rolled back, for people; empty if it was not
 * @param rolledBackBy who or what had it rolled back; empty if it was not
 * @param isInDoubt whether an operator may decide it in place of its superior
 * @param isWaitingForLast whether an operator may decide it in place of its last participant
 * @param stages where it has stood and since when, oldest first; at most the last 10
 * @param participants who takes part, the superior among them
 * @param damage participants that did otherwise than was decided
 * @param owner the thread that works in it; empty if there is none
 */
public record TransactionInspection(
        UUID unitOfWork,
        Optional<TransactionId> id,
        String description,
        TransactionState state,
        Outcome outcome,
        boolean isRecovered,
        Instant since,
        Duration age,
        Optional<Duration> timeLeft,
        boolean isReadOnly,
        Optional<String> rollbackCause,
        Optional<RollbackCause> rolledBackBy,
        boolean isInDoubt,
        boolean isWaitingForLast,
        List<Stage> stages,
        List<Participant> participants,
        List<Damage> damage,
        Optional<Thread> owner) {

    /** A state, and when it was entered, to some milliseconds. */
    public record Stage(TransactionState state, Instant entered) {}

    /** What a participant is. */
    public enum Kind {
        /** A resource manager that speaks with the coordinator itself. */
        NATIVE,
        /** A branch of XA. */
        XA,
        /** One that cannot prepare, and decides for all. */
        LAST,
        /** Who decides in place of the client. */
        SUPERIOR
    }

    /**
     * One who takes part.
     *
     * @param id the id of its enlistment
     * @param resourceManager the id of its resource manager
     * @param label what people know that by
     * @param product what it is, as its product or its class is called; empty if nobody knows
     * @param kind what it is to the transaction
     * @param state where it stands
     * @param owes whether the transaction waits for an answer of it
     * @param isDurable whether it must learn the outcome also after a crash
     * @param branch what it is called elsewhere; empty if it is no branch of XA
     */
    public record Participant(
            UUID id,
            UUID resourceManager,
            String label,
            String product,
            Kind kind,
            EnlistmentState state,
            boolean owes,
            boolean isDurable,
            Optional<BranchId> branch) {

        private static Participant of(CoreEnlistment enlistment) {
            var described = enlistment.describe();
            return new Participant(
                    enlistment.id(),
                    enlistment.resourceManagerId,
                    described
                            .map(ParticipantDescription::resourceManager)
                            .filter(name -> !name.isEmpty())
                            .orElseGet(enlistment::resourceManagerLabel),
                    described.map(ParticipantDescription::product).orElse(""),
                    kindOf(enlistment.role(), described.isPresent()),
                    enlistment.state(),
                    enlistment.owes(),
                    enlistment.isDurable(),
                    described.flatMap(ParticipantDescription::branch));
        }

        private static Kind kindOf(Role role, boolean isDescribed) {
            return switch (role) {
                case SUPERIOR -> Kind.SUPERIOR;
                case LAST -> Kind.LAST;
                case FIRST, ANY -> isDescribed ? Kind.XA : Kind.NATIVE;
            };
        }
    }

    /** Copies the lists. */
    public TransactionInspection {
        stages = List.copyOf(stages);
        participants = List.copyOf(participants);
        damage = List.copyOf(damage);
    }

    /** Under the lock of the transaction. */
    static TransactionInspection of(CoreTransaction transaction, long[] times) {
        var clock = transaction.kernel.timeouts();
        long now = clock.now();
        var wallClock = transaction.now();
        var protocol = transaction.protocol;
        var history = protocol.history();
        var stages = new ArrayList<Stage>();
        for (int i = 0; i < times.length; i++) {
            stages.add(new Stage(history.get(i), wallClock.minusNanos(now - times[i])));
        }
        return new TransactionInspection(
                transaction.unitOfWork(),
                transaction.id(),
                transaction.description(),
                protocol.state(),
                protocol.outcome(),
                transaction.isRecovered(),
                wallClock.minusNanos(now - transaction.begun()),
                Duration.ofNanos(now - transaction.begun()),
                transaction.timeLeft(),
                transaction.isReadOnly(),
                transaction.rollbackCause(),
                transaction.rolledBackBy(),
                protocol.isInDoubt(),
                protocol.isWaitingForLast(),
                stages,
                transaction.enlistments().stream().map(Participant::of).toList(),
                transaction.damage(),
                transaction.owner());
    }
}
