package dev.ktm.journal;

import dev.ktm.rm.Damage;
import dev.ktm.rm.TransactionId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * What the journal holds of a transaction that a restart must not forget.
 *
 * @param status what is known about it
 * @param id its identity
 * @param unitOfWork the id that clients know it by
 * @param clock the virtual clock when it was written
 * @param decider who decides, if that is not this coordinator: the superior, or the last participant
 * @param participants everybody who must learn the outcome
 * @param damage participants that did otherwise
 */
public record TransactionRecord(
        Status status,
        TransactionId id,
        UUID unitOfWork,
        long clock,
        Optional<EnlistmentRecord> decider,
        List<EnlistmentRecord> participants,
        List<Damage> damage) {

    /** What is known about a transaction. */
    public enum Status {
        /** It is committed. After a crash: everybody is told again. */
        COMMITTED,
        /** All are prepared, and the superior decides. After a crash: it is asked. */
        PREPARED,
        /** All others are prepared, and the last participant decides. After a crash: it is asked what it has decided. */
        DELEGATED,
        /**
         * It is rolled back. After a crash: if somebody did otherwise, it is still shown; otherwise it is forgotten, and whoever has not
         * been told presumes it.
         */
        ROLLED_BACK
    }

    /** Copies the lists; refuses a transaction that nobody decides. */
    public TransactionRecord {
        Objects.requireNonNull(status, "status");
        participants = List.copyOf(participants);
        damage = List.copyOf(damage);
        if ((status == Status.PREPARED || status == Status.DELEGATED) && decider.isEmpty()) {
            throw new IllegalArgumentException(
                    "expected somebody who decides a transaction that is only prepared, found none");
        }
    }

    /** A transaction whose participants have done as they were told. */
    public TransactionRecord(
            Status status,
            TransactionId id,
            UUID unitOfWork,
            long clock,
            Optional<EnlistmentRecord> decider,
            List<EnlistmentRecord> participants) {
        this(status, id, unitOfWork, clock, decider, participants, List.of());
    }

    /** The same transaction, committed by its superior. */
    public TransactionRecord committed(long newClock) {
        return new TransactionRecord(Status.COMMITTED, id, unitOfWork, newClock, decider, participants, damage);
    }

    /** The same transaction with one more participant that did otherwise. */
    public TransactionRecord with(Damage more) {
        return new TransactionRecord(status, id, unitOfWork, clock, decider, participants, more.addedTo(damage));
    }
}
