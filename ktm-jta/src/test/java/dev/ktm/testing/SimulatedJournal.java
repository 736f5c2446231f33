package dev.ktm.testing;

import dev.ktm.journal.Journal;
import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.journal.UnknownOutcomes;
import dev.ktm.log.LogException;
import dev.ktm.log.LogTroubles;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * A journal whose disk is a list: what was forced is there after a crash, ends that were not may be or not. Not for several
 * threads.
 */
public final class SimulatedJournal implements Journal {

    /** What can go wrong with the log. */
    public enum Trouble {
        /** Nothing. */
        NONE,
        /** There is no space for the next decision. */
        FULL,
        /** The next force fails, and nothing was written. */
        FAILS_UNWRITTEN,
        /** The next force fails, and nobody knows whether it was written: it was not. */
        FAILS_UNKNOWN_ABSENT,
        /** The next force fails, and nobody knows whether it was written: it was. */
        FAILS_UNKNOWN_PRESENT
    }

    /** Sees every step of a journal. */
    public interface Watcher {
        /** Something is about to happen, or has happened, to what survives a crash. */
        void step(String what);

        /** A transaction is being forgotten. */
        void ended(TransactionId id);
    }

    /** What survives a crash: records that are forced, and ends that may be lost. */
    public record Disk(
            Map<TransactionId, TransactionRecord> forced, List<TransactionId> unforcedEnds, long incarnation) {

        /** An empty one. */
        public static Disk empty() {
            return new Disk(Map.of(), List.of(), 0);
        }

        /** What a crash leaves if the first so many of the ends are not lost. */
        public Disk afterCrash(int ends) {
            var left = new LinkedHashMap<>(forced);
            unforcedEnds.subList(0, ends).forEach(left::remove);
            return new Disk(left, List.of(), incarnation);
        }
    }

    private static final UUID MANAGER = new UUID(0x1234, 0x5678);

    private final Map<TransactionId, TransactionRecord> forced;
    private final Map<TransactionId, TransactionRecord> live;
    private final List<TransactionId> unforcedEnds = new ArrayList<>();
    private final List<TransactionRecord> found;
    private final List<OperatorAct> acts = new ArrayList<>();
    private final long incarnation;
    private final Watcher watcher;
    private Trouble trouble = Trouble.NONE;
    private int spared;
    private boolean failed;
    private int forces;
    private int reserved;

    /** The journal of a life that begins with this disk. */
    public SimulatedJournal(Disk disk, Watcher watcher) {
        this.forced = new LinkedHashMap<>(disk.forced());
        this.live = new LinkedHashMap<>(disk.forced());
        this.found = List.copyOf(disk.forced().values());
        this.incarnation = disk.incarnation() + 1;
        this.watcher = watcher;
    }

    /** Something will go wrong. */
    public void setTrouble(Trouble value) {
        setTrouble(value, 0);
    }

    /** Something will go wrong, but not the first so many times. */
    public void setTrouble(Trouble value, int times) {
        trouble = value;
        spared = times;
    }

    /** What goes wrong now: with reservations, or with forces. */
    private Trouble met(boolean reservation) {
        var next = trouble;
        if (next == Trouble.NONE || (next == Trouble.FULL) != reservation) {
            return Trouble.NONE;
        }
        if (spared > 0) {
            spared--;
            return Trouble.NONE;
        }
        trouble = Trouble.NONE;
        return next;
    }

    /** What survives a crash now. */
    public Disk disk() {
        return new Disk(Map.copyOf(forced), List.copyOf(unforcedEnds), incarnation);
    }

    /** How often something was forced. */
    public int forces() {
        return forces;
    }

    /** How many reservations are open. */
    public int reserved() {
        return reserved;
    }

    /** Whether a decision to commit it is durable. */
    public boolean isCommitted(TransactionId id) {
        var record = forced.get(id);
        return record != null && record.status() == TransactionRecord.Status.COMMITTED;
    }

    @Override
    public UUID manager() {
        return MANAGER;
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public List<TransactionRecord> found() {
        return found;
    }

    @Override
    public OptionalLong lastRead() {
        return OptionalLong.empty();
    }

    @Override
    public Collection<TransactionRecord> live() {
        return List.copyOf(live.values());
    }

    @Override
    public long clock() {
        return 1
                + live.values().stream()
                        .mapToLong(TransactionRecord::clock)
                        .max()
                        .orElse(0);
    }

    @Override
    public Space reserve(TransactionRecord... records) throws LogException {
        requireNotFailed();
        if (met(true) == Trouble.FULL) {
            throw LogTroubles.full();
        }
        reserved++;
        return () -> reserved--;
    }

    @Override
    public void force(Space space, TransactionRecord transaction) throws LogException, UnknownOutcomeException {
        requireNotFailed();
        watcher.step("before force " + transaction.status());
        var met = met(false);
        if (met == Trouble.FAILS_UNWRITTEN) {
            failed = true;
            throw LogTroubles.failed();
        }
        if (met != Trouble.FAILS_UNKNOWN_ABSENT) {
            forced.put(transaction.id(), transaction);
            live.put(transaction.id(), transaction);
            // A force makes everything durable that was appended before.
            unforcedEnds.forEach(forced::remove);
            unforcedEnds.clear();
            forces++;
            watcher.step("after force " + transaction.status());
        }
        if (met == Trouble.FAILS_UNKNOWN_ABSENT || met == Trouble.FAILS_UNKNOWN_PRESENT) {
            failed = true;
            throw UnknownOutcomes.of(transaction.id());
        }
    }

    private void requireNotFailed() throws LogException {
        if (failed) {
            throw LogTroubles.failed();
        }
    }

    @Override
    public void end(TransactionId id) {
        if (live.remove(id) != null && !failed) {
            watcher.ended(id);
            unforcedEnds.add(id);
            watcher.step("after end");
        }
    }

    @Override
    public void force() throws LogException {
        requireNotFailed();
        var met = met(false);
        failed = met != Trouble.NONE;
        if (met == Trouble.NONE || met == Trouble.FAILS_UNKNOWN_PRESENT) {
            unforcedEnds.forEach(forced::remove);
            unforcedEnds.clear();
            watcher.step("ends are forced");
        }
        requireNotFailed();
    }

    @Override
    public void note(OperatorAct act) throws LogException {
        requireNotFailed();
        acts.add(act);
    }

    @Override
    public List<OperatorAct> acts() {
        return List.copyOf(acts);
    }

    @Override
    public void rename(UUID manager) {
        throw new UnsupportedOperationException("rename");
    }

    @Override
    public void close() {}
}
