package dev.ktm.tm;

import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.log.LogException;
import dev.ktm.rm.Damage;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What participants did otherwise than was decided, until an operator forgets it. While a transaction has not ended, its own record
 * holds it; this keeps that of those that have, and of those that nobody remembers. Safe for many threads.
 */
final class DamageLedger {

    private final Coordinator coordinator;
    private final TransactionManagers kernel;
    /** What was damaged, of transactions that have ended, and has not been forgotten. */
    private final Map<TransactionId, TransactionRecord> damaged = new ConcurrentHashMap<>();

    /** Those whose record still tells of participants; guarded by the lock. */
    private final Set<TransactionId> unwritten = new HashSet<>();

    private final ReentrantLock lock = new ReentrantLock();

    DamageLedger(Coordinator coordinator, TransactionManagers kernel) {
        this.coordinator = coordinator;
        this.kernel = kernel;
    }

    /** A restart has found it. */
    void found(TransactionRecord record) {
        damaged.put(record.id(), record);
    }

    /** It has ended but for what was damaged: nobody need be told again after a restart. */
    void remember(TransactionRecord record) {
        lock.lock();
        try {
            damaged.put(record.id(), record);
            unwritten.add(record.id());
            write(record);
        } catch (LogException | UnknownOutcomeException e) {
            // What is there tells of the damage as well; a restart tells the participants once more.
            System.getLogger(DamageLedger.class.getName())
                    .log(System.Logger.Level.DEBUG, "the end of " + record.id() + " could not be written", e);
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock. */
    private void write(TransactionRecord record) throws LogException, UnknownOutcomeException {
        var kept = coordinator.journal();
        if (kept != null) {
            try (var room = kept.reserve(record)) {
                kept.force(room, record);
            }
        }
        unwritten.remove(record.id());
    }

    /** Makes the ends durable that could not be written. */
    void force() throws LogException, UnknownOutcomeException {
        lock.lock();
        try {
            for (var id : List.copyOf(unwritten)) {
                var record = damaged.get(id);
                if (record != null) {
                    write(record);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** A participant of a transaction that nobody remembers, which was therefore rolled back, has done otherwise. */
    void add(TransactionId id, Damage more) throws KtmException {
        var forgotten = new TransactionRecord(
                TransactionRecord.Status.ROLLED_BACK,
                id,
                coordinator.unitOfWork(id.incarnation(), id.sequence()),
                coordinator.clock(),
                Optional.empty(),
                List.of());
        try {
            add(forgotten, more);
        } catch (LogException | UnknownOutcomeException e) {
            throw new KtmException(
                    KtmError.TRANSACTIONMANAGER_NOT_ONLINE, "the heuristic decision could not be written: " + e, e);
        }
    }

    /** A participant of a transaction that has ended so, or is about to, has done otherwise. */
    void add(TransactionRecord end, Damage more) throws LogException, UnknownOutcomeException {
        // Its own record must hold it: the end of the transaction would end any other.
        for (var live = live(end.id()); live != null; live = live(end.id())) {
            if (live.addDamageUnlessEnded(more)) {
                return;
            }
            Thread.onSpinWait();
        }
        addToEnded(end, more);
    }

    private @Nullable CoreTransaction live(TransactionId id) {
        for (var transaction : kernel.live().all()) {
            if (transaction.coordinator() == coordinator
                    && transaction.boundId().equals(id)) {
                return transaction;
            }
        }
        return null;
    }

    private void addToEnded(TransactionRecord end, Damage more) throws LogException, UnknownOutcomeException {
        lock.lock();
        try {
            var known = damaged.getOrDefault(end.id(), end);
            var record = known.with(more);
            if (record.damage().equals(known.damage()) && damaged.containsKey(end.id())) {
                return;
            }
            write(record);
            damaged.put(end.id(), record);
        } finally {
            lock.unlock();
        }
    }

    /** What was damaged, whether it has ended or not. */
    List<TransactionRecord> all() {
        var all = new ArrayList<>(damaged.values());
        for (var transaction : kernel.live().all()) {
            if (transaction.coordinator() == coordinator
                    && !transaction.damage().isEmpty()) {
                all.add(transaction.damagedRecord());
            }
        }
        return all;
    }

    boolean forget(TransactionId id, String who, String why) throws KtmException {
        // What is added meanwhile is not forgotten with what was known.
        lock.lock();
        try {
            var known = damaged.get(id);
            if (known == null) {
                return false;
            }
            var act = new OperatorAct(
                    OperatorAct.Kind.FORGET, id, known.unitOfWork(), Optional.empty(), kernel.now(), who, why);
            coordinator.note(act);
            damaged.remove(id);
            unwritten.remove(id);
            Optional.ofNullable(coordinator.journal()).ifPresent(kept -> kept.end(id));
            coordinator.report(act, "done: what was damaged is not remembered any more");
            return true;
        } finally {
            lock.unlock();
        }
    }
}
