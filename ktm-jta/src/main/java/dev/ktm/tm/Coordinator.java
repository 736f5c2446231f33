package dev.ktm.tm;

import dev.ktm.journal.Journal;
import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A transaction manager itself: an instance of a log, or none if it is volatile. What others hold are {@link ManagerHandle}s.
 * Safe for many threads.
 */
final class Coordinator {

    /** Where a transaction manager stands. */
    enum State {
        /** Opened, and not recovered to the end of its log. */
        RECOVERING,
        /** At work. */
        ONLINE,
        /** It cannot write its log any more. */
        OFFLINE,
        /** Closing: commits that have begun come to their end, and nothing new is taken. */
        CLOSING,
        /** Closed. */
        CLOSED
    }

    private static final int MOST_DESCRIPTION = 64;

    /** How long a close waits for resources that roll back what nobody has committed. */
    private static final long ROLLBACK_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Completed once it is closed. */
    private final CompletableFuture<Boolean> closed = new CompletableFuture<>();

    private final TransactionManagers kernel;
    private final ManagerOptions options;
    private final @Nullable Journal journal;
    private final @Nullable Log log;
    private final long incarnation;
    private final long pinLimitNanos;
    private final AtomicLong sequence = new AtomicLong();
    private final AtomicLong clock = new AtomicLong(1);
    private final Map<UUID, CoreResourceManager> resourceManagers = new ConcurrentHashMap<>();
    private final Counters counters = new Counters();
    private final DamageLedger damage;
    private final Freezing freezing;
    private final InPlaceOfSuperior inPlaceOfSuperior = new InPlaceOfSuperior(this);
    private final ReentrantLock lifecycle = new ReentrantLock();
    private volatile State state;
    private volatile UUID identity;
    private volatile OptionalLong lastRecoveredLsn = OptionalLong.empty();
    /** What operators have done, if there is no journal. */
    private final RecentActs unwrittenActs = new RecentActs();
    /** What the journal holds and roll-forward has not come to. */
    private List<TransactionRecord> notRecovered = List.of();

    Coordinator(TransactionManagers kernel, ManagerOptions options, @Nullable Journal journal, @Nullable Log log) {
        this.kernel = kernel;
        this.log = log;
        this.options = options;
        this.journal = journal;
        this.damage = new DamageLedger(this, kernel);
        this.freezing = new Freezing(this, kernel.live());
        this.pinLimitNanos =
                options.pinLimit().isZero() || journal == null ? Timeouts.NEVER : Timeouts.nanosOf(options.pinLimit());
        if (journal == null) {
            this.identity = UUID.randomUUID();
            this.incarnation = 1;
            this.state = State.ONLINE;
        } else {
            this.identity = journal.manager();
            this.incarnation = journal.incarnation();
            this.state = State.RECOVERING;
            this.notRecovered = journal.found();
        }
    }

    String name() {
        return options.name();
    }

    UUID identity() {
        return identity;
    }

    long incarnation() {
        return incarnation;
    }

    boolean isVolatile() {
        return journal == null;
    }

    @Nullable
    Journal journal() {
        return journal;
    }

    Optional<Log> log() {
        return Optional.ofNullable(log);
    }

    Optional<String> logPath() {
        return Optional.of(options.where()).filter(where -> !where.isEmpty());
    }

    /** How many transactions have begun and ended. */
    Counters counters() {
        return counters;
    }

    /** What was damaged. */
    DamageLedger damage() {
        return damage;
    }

    /** What operators decide in place of superiors. */
    InPlaceOfSuperior inPlaceOfSuperior() {
        return inPlaceOfSuperior;
    }

    /** What holds up commits for a snapshot. */
    Freezing freezing() {
        return freezing;
    }

    OptionalLong lastRecoveredLsn() {
        return lastRecoveredLsn;
    }

    State state() {
        return state;
    }

    long nextSequence() {
        return sequence.incrementAndGet();
    }

    /** The id that clients know a transaction of this life by, unless they gave it one. */
    UUID unitOfWork(long number) {
        return unitOfWork(incarnation, number);
    }

    UUID unitOfWork(long life, long number) {
        var manager = identity;
        return new UUID(
                manager.getMostSignificantBits() ^ Mixing.mix(life),
                manager.getLeastSignificantBits() ^ Mixing.mix(number));
    }

    // The virtual clock.

    long clock() {
        return clock.get();
    }

    void tick() {
        clock.incrementAndGet();
    }

    void adopt(long value) {
        clock.accumulateAndGet(value, Math::max);
    }

    // The states.

    void requireOnline() throws KtmException {
        requireOneOf(State.ONLINE, State.ONLINE);
    }

    /** For a commit that has begun: that comes to its end also while this closes. */
    void requireWriting() throws KtmException {
        requireOneOf(State.ONLINE, State.CLOSING);
    }

    private void requireOneOf(State one, State other) throws KtmException {
        var now = state;
        if (now != one && now != other) {
            throw now == State.CLOSED || now == State.CLOSING
                    ? new KtmException(
                            KtmError.TRANSACTION_OBJECT_EXPIRED,
                            "expected an open transaction manager, found " + this + " closed")
                    : new KtmException(
                            KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                            "expected a transaction manager that is online, found " + this + " " + now);
        }
    }

    void requireOpen() throws KtmException {
        if (state == State.CLOSED) {
            requireOnline();
        }
    }

    /** The log has failed: what is not decided is rolled back, and nothing new is taken. */
    void logFailed(Throwable why, CoreTransaction first) {
        lifecycle.lock();
        try {
            if (state != State.ONLINE) {
                return;
            }
            state = State.OFFLINE;
        } finally {
            lifecycle.unlock();
        }
        first.report(
                OutcomeReport.Kind.OFFLINE,
                "",
                "",
                "",
                "the log cannot be written: " + why,
                "what is not decided is rolled back; find out what is wrong with the disk, then start again: decided"
                        + " transactions are finished then",
                why);
        for (var transaction : kernel.live().all()) {
            if (transaction != first && transaction.coordinator() == this) {
                kernel.workers().execute(() -> transaction.abort(RollbackCause.LOG, why));
            }
        }
    }

    // Recovery.

    /**
     * Rebuilds what the log tells of, up to and with a clock value if one is given. Without one the transaction manager is
     * online afterwards.
     */
    void recover(OptionalLong until) throws KtmException {
        lifecycle.lock();
        try {
            var journalNow = journal;
            if (journalNow == null) {
                throw new KtmException(
                        KtmError.TM_VOLATILE, "expected a transaction manager with a log, found a volatile one");
            }
            requireOpen();
            if (state != State.RECOVERING) {
                throw new KtmException(
                        KtmError.TRANSACTION_REQUEST_NOT_VALID,
                        "expected a transaction manager that has not been recovered, found " + this + " " + state);
            }
            requireNoCollision(until);
            var later = new ArrayList<TransactionRecord>();
            for (var record : notRecovered) {
                if (until.isPresent() && record.clock() > until.getAsLong()) {
                    later.add(record);
                } else {
                    recover(record, journalNow);
                }
            }
            notRecovered = later;
            if (until.isPresent()) {
                clock.set(until.getAsLong());
            } else {
                clock.set(journalNow.clock());
                lastRecoveredLsn = journalNow.lastRead();
                state = State.ONLINE;
            }
        } finally {
            lifecycle.unlock();
        }
    }

    private void requireNoCollision(OptionalLong until) throws KtmException {
        var units = new HashMap<UUID, String>();
        for (var live : kernel.live().all()) {
            units.put(live.unitOfWork(), live.id().map(TransactionId::toString).orElse("a new transaction"));
        }
        for (var record : notRecovered) {
            var other = until.isPresent() && record.clock() > until.getAsLong()
                    ? null
                    : units.putIfAbsent(record.unitOfWork(), record.id().toString());
            if (other != null) {
                throw new KtmException(
                        KtmError.TRANSACTIONMANAGER_RECOVERY_NAME_COLLISION,
                        "expected units of work that nobody else has, found " + record.unitOfWork() + " of " + other
                                + " also in the log");
            }
        }
    }

    private void recover(TransactionRecord record, Journal into) {
        if (record.status() == TransactionRecord.Status.ROLLED_BACK
                && record.damage().isEmpty()) {
            // Whoever has not been told presumes it.
            into.end(record.id());
            return;
        }
        if (record.status() == TransactionRecord.Status.ROLLED_BACK
                || (record.participants().isEmpty() && record.decider().isEmpty())) {
            damage.found(record);
            return;
        }
        var transaction = new CoreTransaction(kernel, this, record);
        kernel.live().add(transaction);
        if (record.status() == TransactionRecord.Status.PREPARED) {
            transaction.reserveDecision();
        }
        for (var enlistment : transaction.enlistments()) {
            // A resource manager that was there first finds its enlistments when it recovers.
            enlistment.resourceManager = resourceManagers.get(enlistment.resourceManagerId);
        }
    }

    void rename() throws KtmException {
        requireOnline();
        var journalNow = journal;
        if (kernel.live().all().stream().anyMatch(live -> live.coordinator() == this)) {
            throw new KtmException(
                    KtmError.TRANSACTION_REQUEST_NOT_VALID,
                    "expected no transaction that is known by the identity of " + this + ", found some");
        }
        var fresh = UUID.randomUUID();
        try {
            if (journalNow != null) {
                journalNow.rename(fresh);
            }
        } catch (IllegalStateException e) {
            throw new KtmException(KtmError.TRANSACTION_REQUEST_NOT_VALID, String.valueOf(e.getMessage()), e);
        } catch (Exception e) {
            throw new KtmException(
                    KtmError.TRANSACTIONMANAGER_NOT_ONLINE, "the new identity could not be written: " + e, e);
        }
        identity = fresh;
    }

    void forceLog() throws KtmException {
        var journalNow = journal;
        if (journalNow != null) {
            try {
                damage.force();
                journalNow.force();
            } catch (LogException | UnknownOutcomeException e) {
                throw new KtmException(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, "the log cannot be forced: " + e, e);
            }
        }
    }

    void report(OutcomeReport report) {
        kernel.report(report);
    }

    Instant now() {
        return kernel.now();
    }

    // Resource managers.

    CoreResourceManager createResourceManager(UUID id, String description, boolean isVolatile, boolean communication)
            throws KtmException {
        requireOnline();
        if (!isVolatile && isVolatile()) {
            throw new KtmException(
                    KtmError.TM_VOLATILE,
                    "expected a volatile resource manager for a volatile transaction manager, found a durable one");
        }
        if (description.length() > MOST_DESCRIPTION) {
            throw TransactionOptions.invalid(
                    "a description of at most " + MOST_DESCRIPTION + " characters",
                    Integer.toString(description.length()));
        }
        var created = new CoreResourceManager(this, id, description, isVolatile, communication);
        if (resourceManagers.putIfAbsent(id, created) != null) {
            throw new KtmException(
                    KtmError.NAME_COLLISION,
                    "expected an id that no resource manager of " + this + " has, found " + id);
        }
        created.opened();
        forEachEnlistment(enlistment -> {
            if (enlistment.resourceManager == null && enlistment.resourceManagerId.equals(created.id)) {
                enlistment.resourceManager = created;
            }
        });
        return created;
    }

    CoreResourceManager openResourceManager(UUID id) throws KtmException {
        requireOnline();
        var found = resourceManagers.get(id);
        if (found == null) {
            throw new KtmException(
                    KtmError.RESOURCEMANAGER_NOT_FOUND,
                    "expected a resource manager of " + this + ", found none with id " + id);
        }
        found.opened();
        return found;
    }

    List<CoreResourceManager> resourceManagers() {
        return List.copyOf(resourceManagers.values());
    }

    /** The last handle of a resource manager was closed. */
    void left(CoreResourceManager resourceManager) {
        resourceManagers.remove(resourceManager.id, resourceManager);
        forEachEnlistment(enlistment -> {
            if (enlistment.resourceManager == resourceManager) {
                enlistment.resourceManagerGone();
            }
        });
    }

    private interface EnlistmentAction {
        void on(CoreEnlistment enlistment);
    }

    private void forEachEnlistment(EnlistmentAction action) {
        for (var transaction : kernel.live().all()) {
            if (transaction.coordinator() == this) {
                for (var enlistment : transaction.enlistments()) {
                    action.on(enlistment);
                }
            }
        }
    }

    /** The transaction of this unit of work, if it has not ended. */
    @Nullable
    CoreTransaction live(UUID unitOfWork) {
        return kernel.live(unitOfWork, this);
    }

    /** The enlistments of a resource manager that have not ended. */
    List<CoreEnlistment> enlistmentsOf(CoreResourceManager resourceManager) {
        var all = new ArrayList<CoreEnlistment>();
        forEachEnlistment(enlistment -> {
            if (enlistment.resourceManager == resourceManager) {
                all.add(enlistment);
            }
        });
        return all;
    }

    /** Announces to a resource manager what it has to recover. */
    void recover(CoreResourceManager resourceManager) throws KtmException {
        requireOnline();
        for (var enlistment : enlistmentsOf(resourceManager)) {
            // Not by way of the transaction's queue: somebody slow may be in front there, and what comes after
            // LAST_RECOVER is presumed to be rolled back.
            if (enlistment.transaction.locked(() -> isUnresolved(enlistment))) {
                resourceManager.deliver(
                        enlistment, enlistment.isSuperior() ? Notification.RECOVER_QUERY : Notification.RECOVER);
            }
        }
        resourceManager.deliverLastRecover();
    }

    private static boolean isUnresolved(CoreEnlistment enlistment) {
        return enlistment.isSuperior()
                ? enlistment.state() == EnlistmentState.IN_DOUBT
                        && enlistment.transaction.outcome() == Outcome.UNDETERMINED
                : enlistment.state() == EnlistmentState.RECOVERING;
    }

    /** Gives up the oldest transaction that only its superior could decide, if that is allowed. Returns whether it did. */
    boolean giveUpOldest() {
        if (!options.progressFirst()) {
            return false;
        }
        return underSuperiors().anyMatch(CoreTransaction::giveUp);
    }

    /** As {@link #giveUpOldest()}, one of these, whatever the options say: whoever asks has been told to. */
    boolean giveUpOldest(Set<UUID> among) {
        return underSuperiors()
                .filter(each -> among.contains(each.unitOfWork()))
                .anyMatch(CoreTransaction::giveUp);
    }

    /** Those that have a superior, the oldest first. */
    private Stream<CoreTransaction> underSuperiors() {
        return kernel.live().all().stream()
                .filter(each -> each.coordinator() == this && each.superior().isPresent())
                .sorted(Comparator.comparing(
                                (CoreTransaction each) -> each.boundId().incarnation())
                        .thenComparing(each -> each.boundId().sequence()));
    }

    // What operators do.

    /** As {@link #write}, and reports that it is asked for; {@link #report(OperatorAct, String)} tells what came of it. */
    void note(OperatorAct act) throws KtmException {
        write(act);
        report(
                act,
                switch (act.kind()) {
                    case COMPLETE -> "asked for: not to wait for the participant any more";
                    case FORGET -> "asked for: not to remember any more what was damaged";
                    case COMMIT -> "asked for: to commit in place of the last participant";
                    case ROLL_BACK -> "asked for: to roll back in place of the last participant";
                    case RESOLVE_COMMIT -> "asked for: to commit, since the superior has decided so";
                    case RESOLVE_ROLLBACK -> "asked for: to roll back, since the superior has decided so";
                    case FORCE_COMMIT -> "asked for: to commit without knowing what the superior has decided";
                    case FORCE_ROLLBACK -> "asked for: to roll back without knowing what the superior has decided";
                    case ROLLBACK -> "asked for: to roll back what nobody has decided";
                });
    }

    /** What an operator asks for is known for ever when this returns. */
    void write(OperatorAct act) throws KtmException {
        var kept = journal;
        if (kept == null) {
            unwrittenActs.add(act);
        } else {
            try {
                kept.note(act);
            } catch (LogException | UnknownOutcomeException e) {
                throw new KtmException(
                        KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                        "what the operator does could not be written, and was not done: " + e,
                        e);
            }
        }
    }

    /** Tells of what an operator has asked for, and how that stands. */
    void report(OperatorAct act, String result) {
        report(new OutcomeReport(
                OutcomeReport.Kind.OPERATOR,
                act.when(),
                Optional.of(act.transaction()),
                act.unitOfWork(),
                "",
                act.enlistment().map(UUID::toString).orElse(""),
                act.kind().name(),
                act.who() + ": " + act.why(),
                result,
                Optional.empty(),
                Optional.empty(),
                Optional.of(act)));
    }

    /** Where the last record of the journal lies; empty if there is none, or that cannot be said. */
    OptionalLong lastLsn() {
        var kept = journal;
        return kept == null ? OptionalLong.empty() : kept.last();
    }

    /** After which it is reported that the log has to keep a transaction, in nanoseconds; for ever if never. */
    long pinLimitNanos() {
        return pinLimitNanos;
    }

    /** The transactions that the log has to keep. */
    Set<TransactionId> inLog() {
        var kept = journal;
        return kept == null
                ? Set.of()
                : kept.live().stream().map(TransactionRecord::id).collect(Collectors.toSet());
    }

    List<OperatorAct> operatorActs() {
        var kept = journal;
        return kept == null ? unwrittenActs.all() : kept.acts();
    }

    // The end.

    /**
     * Takes nothing new, lets commits that have begun come to their end, rolls the rest back. Who is asked something until then can
     * answer. Whoever calls it again waits for that, too.
     */
    void close() {
        boolean isFirst;
        lifecycle.lock();
        try {
            isFirst = state != State.CLOSED && state != State.CLOSING;
            if (isFirst) {
                state = State.CLOSING;
            }
        } finally {
            lifecycle.unlock();
        }
        if (isFirst) {
            try {
                end();
            } finally {
                closed.complete(true);
            }
        } else {
            awaitClosed();
        }
    }

    /** Somebody else is closing it; not from within what he waits for. */
    private void awaitClosed() {
        boolean waitsForThis =
                kernel.live().all().stream().anyMatch(each -> each.coordinator() == this && each.isDrainedHere());
        if (!waitsForThis) {
            closed.completeOnTimeout(true, 2 * kernel.closeNanos(), TimeUnit.NANOSECONDS)
                    .join();
        }
    }

    private void end() {
        // Whoever waits to commit does so now, or is rolled back.
        freezing.abandon();
        var committing = new ArrayList<CoreTransaction>();
        var rolledBack = new ArrayList<CoreTransaction>();
        for (var transaction : kernel.live().all()) {
            if (transaction.coordinator() == this && !transaction.isDrainedHere()) {
                if (transaction.isCommitting()) {
                    committing.add(transaction);
                } else if (transaction.abortLater(RollbackCause.CLOSED) || transaction.isRollingBack()) {
                    // By somebody else: a resource may hang.
                    kernel.workers().execute(transaction::drain);
                    rolledBack.add(transaction);
                }
            }
        }
        long now = System.nanoTime();
        committing.forEach(each -> each.awaitUntil(now + kernel.closeNanos()));
        rolledBack.forEach(each -> each.awaitUntil(now + Math.min(kernel.closeNanos(), ROLLBACK_NANOS)));
        state = State.CLOSED;
        // Whoever has not answered by now is told after the next start; clients are not left waiting.
        forEachEnlistment(enlistment -> enlistment.resourceManagerGone());
        for (var transaction : kernel.live().all()) {
            if (transaction.coordinator() == this) {
                kernel.live().remove(transaction);
            }
        }
        var closing = journal;
        if (closing != null) {
            closeQuietly(closing);
        }
        var resource = log;
        if (resource != null) {
            closeQuietly(resource);
        }
    }

    private void closeQuietly(AutoCloseable closing) {
        try {
            closing.close();
        } catch (Exception e) {
            System.getLogger(Coordinator.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "transaction manager " + this
                                    + " could not close its log properly: the next start reads it: " + e.getMessage(),
                            e);
        }
    }

    @Override
    public String toString() {
        return name().isEmpty() ? identity.toString() : name() + " (" + identity + ")";
    }
}
