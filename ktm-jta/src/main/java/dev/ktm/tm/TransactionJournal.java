package dev.ktm.tm;

import dev.ktm.journal.EnlistmentRecord;
import dev.ktm.journal.Journal;
import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.protocol.Role;
import dev.ktm.rm.Damage;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.TransactionState;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What the journal holds, or is to hold, of one transaction, and the work of writing it. Made when there is something.
 *
 * <p><b>Theory of operation.</b> Space is reserved for the record that the decision will be if nobody changes his mind; when the
 * votes are in, that record is written if it still says the truth, otherwise another one. What the protocol is told afterwards
 * depends on what is certain: {@link LogException} means that nothing was written, {@link UnknownOutcomeException} and whatever
 * else is thrown that only a restart can tell. Whoever carries out the {@link EffectQueue} calls this, one at a time; what
 * others look at is guarded by the transaction's lock, and nothing is written under it.
 */
final class TransactionJournal {

    private final CoreTransaction transaction;
    private Journal.@Nullable Space space;
    /** What will be decided if nobody changes his mind between reservation and vote. */
    private @Nullable TransactionRecord prospective;

    /** What the journal says of it, or may say; null if that is nothing. */
    private TransactionRecord.@Nullable Status written;

    private List<Damage> damage = List.of();
    /** What the next decision is written with. */
    private @Nullable Damage withNext;

    /** Held while a record is made and forced: the journal believes the last one. Taken before the transaction's lock. */
    private final ReentrantLock writing = new ReentrantLock();

    TransactionJournal(CoreTransaction transaction) {
        this.transaction = transaction;
    }

    /** That of a transaction of an earlier life. */
    TransactionJournal(CoreTransaction transaction, TransactionRecord found) {
        this.transaction = transaction;
        this.written = found.status();
        this.damage = found.damage();
    }

    /** What others did otherwise; under the lock. */
    List<Damage> damage() {
        return damage;
    }

    private Coordinator manager() {
        return Objects.requireNonNull(transaction.coordinator());
    }

    private Journal journal() {
        return Objects.requireNonNull(manager().journal());
    }

    // The records.

    private TransactionRecord record(TransactionRecord.Status status) {
        if (status == TransactionRecord.Status.ROLLED_BACK) {
            // Who is not told presumes it.
            return damagedRecord(status);
        }
        var protocol = transaction.protocol;
        var records = new EnlistmentRecord[protocol.participantCount()];
        int count = 0;
        EnlistmentRecord decider = null;
        for (int i = 0; i < records.length; i++) {
            var enlistment = (CoreEnlistment) protocol.participant(i);
            if (isToldOutcome(enlistment)) {
                records[count++] = recordOf(enlistment);
            } else if (isDecider(enlistment, status)) {
                decider = recordOf(enlistment);
            }
        }
        return new TransactionRecord(
                status,
                transaction.boundId(),
                transaction.unitOfWork(),
                manager().clock(),
                Optional.ofNullable(decider),
                List.of(count == records.length ? records : Arrays.copyOf(records, count)),
                damage);
    }

    /** Whether it must learn the outcome also after a crash. */
    private static boolean isToldOutcome(CoreEnlistment enlistment) {
        return enlistment.isDurable()
                && enlistment.role() != Role.SUPERIOR
                && enlistment.role() != Role.LAST
                && enlistment.state() != EnlistmentState.READ_ONLY
                && enlistment.mask().has(Notification.COMMIT);
    }

    private static boolean isDecider(CoreEnlistment enlistment, TransactionRecord.Status status) {
        var decider = status == TransactionRecord.Status.DELEGATED ? Role.LAST : Role.SUPERIOR;
        return enlistment.isDurable()
                && enlistment.role() == decider
                && enlistment.state() != EnlistmentState.READ_ONLY;
    }

    private static EnlistmentRecord recordOf(CoreEnlistment enlistment) {
        return new EnlistmentRecord(enlistment.resourceManagerId, enlistment.id(), enlistment.recoveryInformation);
    }

    private TransactionRecord locked(TransactionRecord.Status status) {
        transaction.lock.lock();
        try {
            return record(status);
        } finally {
            transaction.lock.unlock();
        }
    }

    private TransactionRecord recordToForce(TransactionRecord.Status status) {
        transaction.lock.lock();
        try {
            var known = prospective;
            prospective = null;
            if (withNext != null) {
                damage = withNext.addedTo(damage);
                withNext = null;
            }
            return known != null && known.status() == status && isStill(known) ? known : record(status);
        } finally {
            transaction.lock.unlock();
        }
    }

    /** Whether the participants are those of this record, with the same recovery information. */
    private boolean isStill(TransactionRecord record) {
        var protocol = transaction.protocol;
        if (protocol.hasSuperior() || record.damage() != damage) {
            return false;
        }
        var records = record.participants();
        int next = 0;
        for (int i = 0; i < protocol.participantCount(); i++) {
            var enlistment = (CoreEnlistment) protocol.participant(i);
            if (isToldOutcome(enlistment)) {
                if (next == records.size() || !isOf(records.get(next++), enlistment)) {
                    return false;
                }
            }
        }
        return next == records.size();
    }

    private static boolean isOf(EnlistmentRecord record, CoreEnlistment enlistment) {
        return record.recoveryInformation().equals(enlistment.recoveryInformation)
                && record.enlistment().equals(enlistment.id());
    }

    /** What is remembered when it has ended but for what was damaged. */
    TransactionRecord damagedRecord() {
        transaction.lock.lock();
        try {
            return transaction.protocol.outcome() == Outcome.COMMITTED
                    ? damagedRecord(TransactionRecord.Status.COMMITTED)
                    : damagedRecord(TransactionRecord.Status.ROLLED_BACK);
        } finally {
            transaction.lock.unlock();
        }
    }

    private TransactionRecord damagedRecord(TransactionRecord.Status status) {
        return new TransactionRecord(
                status,
                transaction.boundId(),
                transaction.unitOfWork(),
                manager().clock(),
                Optional.empty(),
                List.of(),
                damage);
    }

    // Before the votes.

    void reserve() {
        var manager = manager();
        try {
            manager.requireWriting();
            TransactionRecord prepared;
            TransactionRecord decision;
            transaction.lock.lock();
            try {
                var protocol = transaction.protocol;
                decision = record(TransactionRecord.Status.COMMITTED);
                prospective = decision;
                if (protocol.hasLast()) {
                    prepared = record(TransactionRecord.Status.DELEGATED);
                    prospective = prepared;
                } else {
                    prepared = protocol.hasSuperior() ? record(TransactionRecord.Status.PREPARED) : null;
                }
            } finally {
                transaction.lock.unlock();
            }
            reserved(
                    prepared == null
                            ? reserve(manager, journal(), decision)
                            : reserve(manager, journal(), prepared, decision));
        } catch (IllegalArgumentException e) {
            reservationFailed(KtmError.TRANSACTION_RECORD_TOO_LONG, e);
        } catch (KtmException e) {
            reservationFailed(e.error(), e);
        } catch (LogFullException e) {
            TransactionReports.notWritten(transaction, "the log has no space for the decision: " + e.getMessage(), e);
            reservationFailed(null, e);
        } catch (LogException | RuntimeException | Error e) {
            manager.logFailed(e, transaction);
            TransactionReports.notWritten(transaction, "no space can be set aside for the decision: " + e, e);
            reservationFailed(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, e);
        }
    }

    /** As the journal; in a full log, in place of others if that is allowed. */
    private static Journal.Space reserve(Coordinator manager, Journal journal, TransactionRecord... records)
            throws LogException {
        while (true) {
            try {
                return journal.reserve(records);
            } catch (LogFullException e) {
                if (!manager.giveUpOldest()) {
                    throw e;
                }
            }
        }
    }

    private void reserved(Journal.Space room) {
        transaction.lock.lock();
        try {
            if (transaction.protocol.outcome() == Outcome.UNDETERMINED) {
                space = room;
                transaction.protocol.reserved();
                transaction.changed();
            } else {
                room.close();
            }
        } finally {
            transaction.lock.unlock();
        }
    }

    private void reservationFailed(@Nullable KtmError error, Throwable why) {
        transaction.say(protocol -> {
            transaction.fail(error, why);
            protocol.reservationFailed();
        });
    }

    /** Sets space aside for the superior's decision about a transaction of an earlier life; if there is none, tries again then. */
    void reserveDecision() {
        try {
            space = journal().reserve(locked(TransactionRecord.Status.COMMITTED));
        } catch (LogException | RuntimeException e) {
            System.getLogger(TransactionJournal.class.getName())
                    .log(System.Logger.Level.WARNING, "no space for the decision about " + transaction.boundId(), e);
        }
    }

    // The decision.

    void force(TransactionRecord.Status status) {
        try {
            forceRecord(status);
            transaction.say(protocol -> protocol.decided());
        } catch (UnknownOutcomeException e) {
            onlyARestartCanTell(e);
        } catch (LogFullException e) {
            // Recovery information that came after the reservation found no space: the log is as good as before.
            notWritten(null, e);
        } catch (LogException e) {
            manager().logFailed(e, transaction);
            notWritten(null, e);
        } catch (IllegalArgumentException e) {
            notWritten(KtmError.TRANSACTION_RECORD_TOO_LONG, e);
        } catch (RuntimeException | Error e) {
            onlyARestartCanTell(e);
        }
        if (status == TransactionRecord.Status.COMMITTED || status == TransactionRecord.Status.ROLLED_BACK) {
            releaseSpace();
        }
    }

    /** Nobody remembers it any more, for ever: whoever is not told presumes that it is rolled back. */
    void forceForgotten() {
        try {
            if (!forgetForEver()) {
                force(TransactionRecord.Status.ROLLED_BACK);
                return;
            }
            transaction.say(protocol -> protocol.decided());
        } catch (LogFullException e) {
            // The log is as good as before.
            lastIsNotWritten(false, e);
        } catch (LogException | RuntimeException | Error e) {
            manager().logFailed(e, transaction);
            lastIsNotWritten(true, e);
        }
    }

    /** Whether it is forgotten: not if something was damaged, which must not be forgotten with it. */
    private boolean forgetForEver() throws LogException {
        writing.lock();
        try {
            if (!transaction.damage().isEmpty()) {
                return false;
            }
            giveUp();
            // What is damaged from now on is damaged by a rollback.
            written = null;
            var journal = manager().journal();
            if (journal != null) {
                journal.force();
            }
            return true;
        } finally {
            writing.unlock();
        }
    }

    /** What the last participant has decided stands in its own table, and counts. */
    private void lastIsNotWritten(boolean mayBeDurable, Throwable why) {
        System.getLogger(TransactionJournal.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "what the last participant of " + transaction.boundId()
                                + " has decided could not be written: its own table says it, too",
                        why);
        transaction.say(protocol -> protocol.decisionFailed(mayBeDurable));
    }

    private void forceRecord(TransactionRecord.Status status) throws LogException, UnknownOutcomeException {
        writing.lock();
        try {
            forceOrRestore(status);
        } finally {
            writing.unlock();
        }
    }

    private void forceOrRestore(TransactionRecord.Status status) throws LogException, UnknownOutcomeException {
        var before = transaction.damage();
        try {
            var record = recordToForce(status);
            var journal = manager().journal();
            if (journal != null) {
                forceIntoSpace(journal, record);
            }
        } catch (LogException | IllegalArgumentException e) {
            restore(before);
            throw e;
        }
    }

    private void restore(List<Damage> before) {
        transaction.lock.lock();
        try {
            damage = before;
        } finally {
            transaction.lock.unlock();
        }
    }

    private void forceIntoSpace(Journal journal, TransactionRecord record)
            throws LogException, UnknownOutcomeException {
        var room = space;
        if (room == null) {
            // Of an earlier life, when the log was so full that the space of then could not be had again; or decided by
            // an operator.
            room = journal.reserve(record);
            space = room;
        }
        force(journal, room, record);
    }

    /** The next decision is written with this; if it cannot be, that is forgotten. Under the lock. */
    void tellWithNext(Damage more) {
        withNext = more;
    }

    /** Forces a record; if it is certain that it was not written, what was there before stays. */
    private void force(Journal journal, Journal.Space room, TransactionRecord record)
            throws LogException, UnknownOutcomeException {
        try {
            journal.force(room, record);
            written = record.status();
        } catch (LogException | IllegalArgumentException e) {
            throw e;
        } catch (UnknownOutcomeException | RuntimeException | Error e) {
            written = record.status();
            throw e;
        }
    }

    private void onlyARestartCanTell(Throwable why) {
        manager().logFailed(why, transaction);
        if (transaction.locked(transaction.protocol::isDecidedByLast)) {
            lastIsNotWritten(true, why);
            return;
        }
        TransactionReports.perhapsNotWritten(transaction, why);
        transaction.say(protocol -> {
            transaction.fail(null, why);
            protocol.decisionFailed(true);
        });
    }

    private void notWritten(@Nullable KtmError error, Throwable why) {
        if (transaction.locked(transaction.protocol::isDecidedByLast)) {
            lastIsNotWritten(false, why);
            return;
        }
        if (transaction.locked(transaction.protocol::isDecidedInPlaceOfLast)) {
            // Whoever has decided is told.
            System.getLogger(TransactionJournal.class.getName())
                    .log(System.Logger.Level.DEBUG, "what an operator decided could not be written", why);
        } else if (transaction.superior().isEmpty() || transaction.state() == TransactionState.PREPARING) {
            TransactionReports.notWritten(transaction, "the decision could not be written: " + why, why);
        } else {
            TransactionReports.superiorDecisionNotWritten(transaction, why);
        }
        transaction.say(protocol -> {
            transaction.fail(error, why);
            protocol.decisionFailed(false);
        });
    }

    void releaseSpace() {
        var room = space;
        space = null;
        if (room != null) {
            room.close();
        }
    }

    // The end.

    /** All have answered: what was damaged is remembered without the rest, and nothing if nothing was. */
    void end() {
        releaseSpace();
        if (!transaction.damage().isEmpty()) {
            remember();
        } else if (written != null && transaction.outcome() != Outcome.UNAVAILABLE) {
            forget();
        }
    }

    private void remember() {
        writing.lock();
        try {
            manager().damage().remember(damagedRecord());
        } finally {
            writing.unlock();
        }
    }

    /** Nobody waits for all to answer. */
    void giveUp() {
        releaseSpace();
        forget();
    }

    private void forget() {
        var journal = manager().journal();
        if (journal != null) {
            journal.end(transaction.boundId());
        }
    }

    /**
     * Makes what a participant did otherwise known for ever.
     *
     * @return false if the transaction has ended: its record is not kept here any more
     */
    boolean add(Damage more) throws LogException, UnknownOutcomeException {
        writing.lock();
        try {
            var record = recordWith(more);
            if (record == null) {
                return false;
            }
            var journal = manager().journal();
            if (journal != null) {
                try (var room = journal.reserve(record)) {
                    force(journal, room, record);
                }
            }
            return true;
        } finally {
            writing.unlock();
        }
    }

    private @Nullable TransactionRecord recordWith(Damage more) {
        transaction.lock.lock();
        try {
            if (transaction.hasEnded()) {
                return null;
            }
            damage = more.addedTo(damage);
            return record(
                    switch (transaction.protocol.outcome()) {
                        case COMMITTED -> TransactionRecord.Status.COMMITTED;
                        case ABORTED -> TransactionRecord.Status.ROLLED_BACK;
                        // Not decided: what the journal says stays as it is. If it says nothing, a restart rolls back.
                        case UNDETERMINED, UNAVAILABLE ->
                            Objects.requireNonNullElse(written, TransactionRecord.Status.ROLLED_BACK);
                    });
        } finally {
            transaction.lock.unlock();
        }
    }
}
