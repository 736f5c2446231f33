package dev.ktm.journal;

import dev.ktm.rm.Damage;
import dev.ktm.rm.TransactionId;
import java.util.ArrayList;
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
 * @param superior who decides, if that is not this coordinator
 * @param participants everybody who must learn the outcome
 * @param damage participants that did otherwise
 */
public record TransactionRecord(
        Status status,
        TransactionId id,
        UUID unitOfWork,
        long clock,
        Optional<EnlistmentRecord> superior,
        List<EnlistmentRecord> participants,
        List<Damage> damage) {

    /** What is known about a transaction. */
    public enum Status {
        /** It is committed. After a crash: everybody is told again. */
        COMMITTED,
        /** All are prepared, and the superior decides. After a crash: it is asked. */
        PREPARED,
        /** It is rolled back, and somebody did otherwise. After a crash: it is still shown. */
        ROLLED_BACK
    }

    /** Copies the lists; refuses a prepared transaction that nobody decides. */
    public TransactionRecord {
        Objects.requireNonNull(status, "status");
        participants = List.copyOf(participants);
        damage = List.copyOf(damage);
        if (status == Status.PREPARED && superior.isEmpty()) {
            throw new IllegalArgumentException(
                    "expected a superior of a transaction that is only prepared, found none");
        }
    }

    /** A transaction whose participants have done as they were told. */
    public TransactionRecord(
            Status status,
            TransactionId id,
            UUID unitOfWork,
            long clock,
            Optional<EnlistmentRecord> superior,
            List<EnlistmentRecord> participants) {
        this(status, id, unitOfWork, clock, superior, participants, List.of());
    }

    /** The same transaction, committed by its superior. */
    public TransactionRecord committed(long newClock) {
        return new TransactionRecord(Status.COMMITTED, id, unitOfWork, newClock, superior, participants, damage);
    }

    /** The same transaction with one more participant that did otherwise. */
    public TransactionRecord with(Damage more) {
        var all = new ArrayList<>(damage);
        all.add(more);
        return new TransactionRecord(status, id, unitOfWork, clock, superior, participants, all);
    }
}
