package dev.ktm.tm;

import dev.ktm.journal.EnlistmentRecord;
import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.log.LogException;
import dev.ktm.protocol.Reply;
import dev.ktm.protocol.Role;
import dev.ktm.protocol.TransactionProtocol;
import dev.ktm.rm.Damage;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A transaction itself: drives a {@link TransactionProtocol}. Whoever has something to say takes the lock, tells the protocol, and
 * releases it; then what the protocol wants done is carried out, by way of the {@link EffectQueue}.
 */
final class CoreTransaction implements KtmTransaction {

    /** What one of an earlier life had was not written down. */
    private static final TransactionOptions OF_AN_EARLIER_LIFE = TransactionOptions.DEFAULT;

    /** How long an operator waits for participants that he has had rolled back. */
    private static final long OPERATOR_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    final TransactionManagers kernel;
    final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock, as all that is not volatile. */
    final TransactionProtocol protocol;

    final EffectQueue effects = new EffectQueue(this);
    private @Nullable TransactionJournal journal;
    private volatile @Nullable Coordinator coordinator;
    private long sequence;
    private @Nullable TransactionId id;
    private volatile @Nullable UUID unitOfWork;
    /** What its client has asked for, lately. */
    private volatile TransactionOptions options;

    private volatile long deadline = Timeouts.NEVER;
    /** When it began, or was found in the log; as all times of {@link Timeouts#now}. */
    private final long begun;
    /** When it came to where it stands. */
    private long entered;

    private TransactionState seen;
    /** What {@link StateTimes} notes of those before. */
    private long @Nullable [] marks;

    /** Of whoever looks for timeouts. */
    private boolean isPinReported;

    private int handles;
    private int enlisted;
    private volatile @Nullable TransactionListener listener;
    private boolean listenerCalled;
    /** Whether its only participant decides, or has. */
    private boolean onePhase;

    /** Who watches it; set before anybody else knows of it. */
    private @Nullable Watchers watchers;
    /** Whether the journal is being told, or was, that it has ended. */
    private boolean ended;

    private volatile @Nullable Throwable failure;
    private volatile @Nullable KtmError failureError;
    private volatile @Nullable Outcome completed;
    private @Nullable CompletableFuture<Outcome> completion;
    /** Signalled when something was said, if anybody waits for a state. */
    private @Nullable Condition changed;

    // Links of LiveTransactions, guarded by its locks.
    @Nullable
    CoreTransaction livePrevious;

    @Nullable
    CoreTransaction liveNext;

    byte liveStripe;

    /** A new one; bound to no transaction manager if none is given. */
    CoreTransaction(TransactionManagers kernel, @Nullable Coordinator coordinator, TransactionOptions options) {
        this.kernel = kernel;
        this.protocol = new TransactionProtocol(effects);
        this.options = options;
        this.begun = kernel.timeouts().now();
        this.entered = begun;
        this.seen = TransactionState.ACTIVE;
        this.unitOfWork = options.unitOfWork().orElse(null);
        if (coordinator != null) {
            bindTo(coordinator);
        } else if (unitOfWork == null) {
            unitOfWork = UUID.randomUUID();
        }
    }

    /** One of an earlier life. */
    CoreTransaction(TransactionManagers kernel, Coordinator coordinator, TransactionRecord record) {
        this.kernel = kernel;
        this.coordinator = coordinator;
        this.id = record.id();
        this.sequence = record.id().sequence();
        this.unitOfWork = record.unitOfWork();
        this.options = OF_AN_EARLIER_LIFE;
        this.journal = new TransactionJournal(this, record);
        var participants = new ArrayList<CoreEnlistment>();
        var decider = record.status() == TransactionRecord.Status.DELEGATED ? Role.LAST : Role.SUPERIOR;
        record.decider().ifPresent(who -> participants.add(recovered(who, decider)));
        record.participants().forEach(participant -> participants.add(recovered(participant, Role.ANY)));
        boolean committed = record.status() == TransactionRecord.Status.COMMITTED;
        this.protocol = TransactionProtocol.recovered(
                effects, committed ? TransactionState.COMMITTED : TransactionState.IN_DOUBT, participants);
        this.begun = kernel.timeouts().now();
        this.entered = begun;
        this.seen = protocol.state();
        this.completed = committed ? Outcome.COMMITTED : null;
    }

    private CoreEnlistment recovered(EnlistmentRecord record, Role role) {
        return new CoreEnlistment(
                this, record.resourceManager(), record.enlistment(), role, record.recoveryInformation());
    }

    private void bindTo(Coordinator manager) {
        sequence = manager.nextSequence();
        coordinator = manager;
    }

    // Identity and queries.

    @Nullable
    Coordinator coordinator() {
        return coordinator;
    }

    @Override
    public Optional<TransactionId> id() {
        return coordinator == null ? Optional.empty() : Optional.of(boundId());
    }

    TransactionId boundId() {
        var known = id;
        if (known == null) {
            var manager = Objects.requireNonNull(coordinator);
            known = new TransactionId(manager.identity(), manager.incarnation(), sequence);
            id = known;
        }
        return known;
    }

    @Override
    public UUID unitOfWork() {
        var known = unitOfWork;
        if (known == null) {
            known = Objects.requireNonNull(coordinator).unitOfWork(sequence);
            unitOfWork = known;
        }
        return known;
    }

    @Override
    public TransactionState state() {
        lock.lock();
        try {
            return protocol.state();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Outcome outcome() {
        lock.lock();
        try {
            return protocol.outcome();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<TransactionState> history() {
        return locked(protocol::history);
    }

    @Override
    public boolean isReadOnly() {
        return options.readOnly();
    }

    boolean mustNotBePromoted() {
        return options.createOptions() == TransactionOptions.DO_NOT_PROMOTE;
    }

    @Override
    public boolean hasNothingToCommit() {
        return locked(protocol::isReadOnly);
    }

    @Override
    public Optional<String> rollbackCause() {
        return locked(() -> protocol.cause().map(cause -> TransactionReports.explain(this, cause, failure)));
    }

    @Override
    public Optional<Duration> timeLeft() {
        long until = deadline;
        return until == Timeouts.NEVER
                ? Optional.empty()
                : Optional.of(
                        Duration.ofNanos(Math.max(0, until - kernel.timeouts().now())));
    }

    @Override
    public Optional<RollbackCause> rolledBackBy() {
        return locked(protocol::cause);
    }

    @Override
    public String description() {
        return options.description();
    }

    Duration timeout() {
        return options.timeout();
    }

    /** When it began, or was found in the log. */
    long begun() {
        return begun;
    }

    /** Everything that people are shown of it, at this moment. */
    TransactionInspection inspect() {
        lock.lock();
        try {
            return TransactionInspection.of(this, StateTimes.of(protocol.history(), begun, entered, marks));
        } finally {
            lock.unlock();
        }
    }

    /** It has begun, and nobody knows of it yet. */
    void begin(Observers observers) {
        watchers = observers.begun(this);
        var manager = coordinator;
        if (manager != null) {
            manager.counters().begun();
        }
    }

    /** Who watches it; null for nobody. */
    @Nullable
    Watchers watchers() {
        return watchers;
    }

    /** Whether it is so old that {@link #reportIfPinning} may have something to report. */
    boolean mayPin(long now) {
        var manager = coordinator;
        return manager != null && !isPinReported && now - begun > manager.pinLimitNanos();
    }

    /** Reports once that the log has to keep it for longer than it should. Of whoever looks for timeouts. */
    void reportIfPinning(long now) {
        var manager = Objects.requireNonNull(coordinator);
        long since;
        lock.lock();
        try {
            var history = protocol.history();
            since = StateTimes.votedAt(history, StateTimes.of(history, begun, entered, marks));
        } finally {
            lock.unlock();
        }
        if (now - since > manager.pinLimitNanos() && manager.inLog().contains(boundId())) {
            isPinReported = true;
            TransactionReports.pinning(this, Duration.ofNanos(now - since));
        }
    }

    /** Whether it is of an earlier life. */
    boolean isRecovered() {
        var known = id;
        var manager = coordinator;
        return known != null && manager != null && known.incarnation() != manager.incarnation();
    }

    List<CoreEnlistment> enlistments() {
        return locked(() -> protocol.participants().stream()
                .map(participant -> (CoreEnlistment) participant)
                .toList());
    }

    Optional<CoreEnlistment> superior() {
        return locked(() -> protocol.superior().map(participant -> (CoreEnlistment) participant));
    }

    @Override
    public List<Damage> damage() {
        lock.lock();
        try {
            var known = journal;
            return known == null ? List.of() : known.damage();
        } finally {
            lock.unlock();
        }
    }

    /** The work of the journal; made with the first of it. */
    private TransactionJournal journal() {
        lock.lock();
        try {
            var known = journal;
            if (known == null) {
                known = new TransactionJournal(this);
                journal = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    <T> T locked(Supplier<T> query) {
        lock.lock();
        try {
            return query.get();
        } finally {
            lock.unlock();
        }
    }

    // Requests.

    /** Something to say to the protocol. */
    interface Act<E extends Exception> {
        void on(TransactionProtocol protocol) throws E;
    }

    /** Tells the protocol something, and carries out what follows. */
    <E extends Exception> void act(Act<E> act) throws E {
        say(act);
        drain();
    }

    /** As {@link #act}, for what has to wait while everything is at rest for a snapshot. */
    <E extends Exception> void actUnlessFrozen(Act<E> act) throws E {
        var frozen = sayUnlessFrozen(act);
        while (frozen != null) {
            frozen.await();
            frozen = sayUnlessFrozen(act);
        }
        drain();
    }

    /** Says it at a moment at which nothing is frozen, so that whoever freezes looks at it afterwards; or returns what is in force. */
    private <E extends Exception> Freezing.@Nullable Frozen sayUnlessFrozen(Act<E> act) throws E {
        lock.lock();
        try {
            var manager = coordinator;
            var frozen = manager == null ? null : manager.freezing().inForce();
            if (frozen == null) {
                act.on(protocol);
                changed();
            }
            return frozen;
        } finally {
            lock.unlock();
        }
    }

    /** Tells the protocol something; what follows is carried out by {@link #drain}. */
    <E extends Exception> void say(Act<E> act) throws E {
        lock.lock();
        try {
            act.on(protocol);
            changed();
        } finally {
            lock.unlock();
        }
    }

    /** The protocol was told something; under the lock. */
    void changed() {
        var now = protocol.state();
        if (now != seen && now != TransactionState.FORGOTTEN) {
            long time = kernel.timeouts().now();
            marks = StateTimes.marks(marks, seen, entered, time);
            if (now == TransactionState.DELEGATED) {
                // A last one decides when the others are prepared.
                onePhase = seen != TransactionState.PREPARED;
            } else if (now == TransactionState.PREPARING) {
                onePhase = false;
            }
            seen = now;
            entered = time;
        }
        var waiting = changed;
        if (waiting != null) {
            waiting.signalAll();
        }
    }

    /** Carries out what is queued, unless somebody is at it already. */
    void drain() {
        effects.drain();
    }

    /** Takes a participant's word, and carries out what follows. */
    void reply(CoreEnlistment enlistment, Reply reply) throws KtmException {
        // As act, for what is done several times in every commit.
        lock.lock();
        try {
            protocol.reply(enlistment, reply);
            changed();
        } finally {
            lock.unlock();
        }
        drain();
    }

    /** The thread that works in it, if that is known. */
    Optional<Thread> owner() {
        return Optional.ofNullable(listener).flatMap(TransactionListener::owner);
    }

    void setListener(TransactionListener newListener) {
        listener = newListener;
    }

    /** It is rolled back if it is not prepared in time, counted from its beginning. */
    void startTimer() {
        startTimer(begun);
    }

    private void startTimer(long now) {
        var timeout = options.timeout();
        if (!timeout.isZero()) {
            long nanos = Timeouts.nanosOf(timeout);
            long until = nanos >= Timeouts.NEVER - now ? Timeouts.NEVER : now + nanos;
            deadline = until;
            kernel.timeouts().added(until);
        }
    }

    long deadline() {
        return deadline;
    }

    /** The deadline has passed; what follows is carried out by somebody else. */
    void expired() {
        deadline = Timeouts.NEVER;
        if (abortLater(RollbackCause.TIMEOUT)) {
            TransactionReports.timedOut(this);
        }
    }

    /** Rolls back, unless it is too late; what follows is carried out by {@link #drain}. */
    boolean abortLater(RollbackCause cause) {
        var done = new boolean[1];
        say(each -> done[0] = each.abort(cause));
        return done[0];
    }

    void setTimeout(Duration timeout) throws KtmException {
        if (timeout.isNegative()) {
            throw TransactionOptions.invalid("a timeout that is not negative", timeout.toString());
        }
        say(each -> {
            if (each.cause().filter(RollbackCause.TIMEOUT::equals).isPresent()) {
                throw new KtmException(
                        KtmError.ROLLBACK_TIMER_EXPIRED,
                        "expected an active transaction, found one that has timed out after " + timeout());
            }
            requireActive(each, KtmError.TRANSACTION_REQUEST_NOT_VALID);
            options = options.withTimeout(timeout);
            deadline = Timeouts.NEVER;
        });
        startTimer(kernel.timeouts().now());
    }

    void setDescription(String text) throws KtmException {
        TransactionOptions.checkDescription(text);
        say(each -> {
            requireActive(each, KtmError.TRANSACTION_REQUEST_NOT_VALID);
            options = options.withDescription(text);
        });
    }

    private static void requireActive(TransactionProtocol each, KtmError error) throws KtmException {
        if (each.state() != TransactionState.ACTIVE || each.isCommitRequested()) {
            throw new KtmException(
                    each.outcome() == Outcome.UNDETERMINED ? error : KtmError.TRANSACTION_NOT_ACTIVE,
                    "expected an active transaction, found one that is " + each.state());
        }
    }

    /**
     * Enlists, and leaves what follows to {@link #drain}.
     *
     * @param entering told of the enlistment before anybody else can see it
     * @return null if the transaction is at home in another transaction manager
     */
    @Nullable
    CoreEnlistment enter(
            CoreResourceManager resourceManager,
            NotificationMask mask,
            @Nullable Object key,
            Role role,
            Consumer<CoreEnlistment> entering)
            throws KtmException {
        var manager = resourceManager.coordinator;
        lock.lock();
        try {
            var home = coordinator;
            if (home != null && home != manager) {
                return null;
            }
            boolean durable = !resourceManager.isVolatile && !manager.isVolatile();
            var enlistment = new CoreEnlistment(this, resourceManager, enlisted + 1, mask, durable, role, key);
            protocol.enlist(enlistment);
            if (home == null) {
                bindTo(manager);
                manager.counters().begun();
            }
            enlisted++;
            enlistment.handles = 1;
            entering.accept(enlistment);
            if (resourceManager.isClosed()) {
                // Whoever closed it may have looked for its enlistments before.
                protocol.gone(enlistment);
            }
            return enlistment;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Begins to commit; {@link #completion} tells the end.
     *
     * @throws KtmException if it cannot even begin
     */
    void commit() throws KtmException {
        if (listener != null) {
            requireCommittable();
            beforeCommit();
        }
        actUnlessFrozen(each -> {
            each.commit();
            tick();
        });
    }

    private void requireCommittable() throws KtmException {
        lock.lock();
        try {
            protocol.requireCommittable();
            if (listenerCalled) {
                throw new KtmException(
                        KtmError.TRANSACTION_REQUEST_NOT_VALID,
                        "expected a transaction that nobody commits, found one whose commit has begun");
            }
        } finally {
            lock.unlock();
        }
    }

    /** A commit has begun: before anybody is told of it. */
    private void tick() {
        var manager = coordinator;
        if (manager != null) {
            manager.tick();
        }
    }

    /** Calls whoever stands behind the transaction; if that fails, it is rolled back. */
    void beforeCommit() {
        var callee = listener;
        if (callee != null && mayCallListener()) {
            try {
                callBeforeCommit(callee);
            } catch (RuntimeException | Error e) {
                act(each -> {
                    fail(null, e);
                    each.abort(RollbackCause.CLIENT);
                });
            }
        }
    }

    private void callBeforeCommit(TransactionListener callee) {
        var told = watchers;
        if (told == null) {
            callee.beforeCommit();
            return;
        }
        long began = System.nanoTime();
        told.phaseBegan(TransactionPhase.BEFORE_COMMIT);
        try {
            callee.beforeCommit();
        } finally {
            told.phaseEnded(TransactionPhase.BEFORE_COMMIT, System.nanoTime() - began);
        }
    }

    /** Once, and only while there is something to be done before the commit. */
    private boolean mayCallListener() {
        lock.lock();
        try {
            boolean may = !listenerCalled && protocol.state() == TransactionState.ACTIVE;
            listenerCalled |= may;
            return may;
        } finally {
            lock.unlock();
        }
    }

    /** A superior orders a phase; the first one begins the commit. */
    void beginPhase(Notification completion, Act<KtmException> order) throws KtmException {
        if (listener != null
                && superior().filter(driver -> driver.mask().has(completion)).isPresent()) {
            beforeCommit();
        }
        actUnlessFrozen(each -> {
            boolean first = each.state() == TransactionState.ACTIVE;
            order.on(each);
            if (first) {
                tick();
            }
        });
    }

    boolean isForgotten() {
        return state() == TransactionState.FORGOTTEN;
    }

    Instant now() {
        return kernel.now();
    }

    void rollback() throws KtmException {
        act(TransactionProtocol::rollback);
    }

    boolean abort(RollbackCause cause, @Nullable Throwable why) {
        var done = new boolean[1];
        act(each -> {
            done[0] = each.abort(cause);
            if (done[0]) {
                fail(null, why);
            }
        });
        return done[0];
    }

    /** An operator rolls it back, unless it is too late; waits for participants, but not for ever. Returns whether he does. */
    boolean abortBy(String who, String why) {
        var done = new boolean[1];
        say(each -> {
            done[0] = each.abort(RollbackCause.OPERATOR);
            if (done[0]) {
                fail(null, new KtmException(KtmError.TRANSACTION_ALREADY_ABORTED, who + ": " + why));
            }
        });
        if (done[0]) {
            // By somebody else: a resource may hang.
            kernel.workers().execute(this::drain);
            awaitUntil(System.nanoTime() + OPERATOR_WAIT_NANOS);
        }
        return done[0];
    }

    /** Notes why it fails, for those who ask; what was noted first stays. Under the lock. */
    void fail(@Nullable KtmError error, @Nullable Throwable why) {
        if (failure == null && why != null) {
            failure = why;
        }
        if (failureError == null && error != null) {
            failureError = error;
        }
    }

    // Handles.

    void opened() {
        lock.lock();
        try {
            handles++;
        } finally {
            lock.unlock();
        }
    }

    void handleClosed() {
        lock.lock();
        try {
            handles--;
            // Whose commit has begun goes on.
            if (handles == 0 && !protocol.isCommitRequested()) {
                protocol.abort(RollbackCause.CLOSED);
            }
            changed();
        } finally {
            lock.unlock();
        }
        drain();
    }

    /** What is heuristic must be known for ever, before the resource manager is allowed to forget it. */
    void addDamage(Damage more) throws LogException, UnknownOutcomeException {
        if (!addDamageUnlessEnded(more)) {
            Objects.requireNonNull(coordinator).damage().add(damagedRecord(), more);
        }
    }

    /** As {@link #addDamage}; returns false if the transaction has ended, and the journal forgets it. */
    boolean addDamageUnlessEnded(Damage more) throws LogException, UnknownOutcomeException {
        return journal().add(more);
    }

    /** Whether everybody who had something to commit is known to have rolled back, on his own. */
    boolean haveAllRolledBack() {
        return locked(() -> {
            var known = damage();
            return known.stream().allMatch(each -> each.decision() == HeuristicDecision.ROLLBACK)
                    && protocol.participants().stream()
                            .map(each -> (CoreEnlistment) each)
                            .filter(CoreTransaction::hasSomethingToCommit)
                            .allMatch(each -> known.stream()
                                    .anyMatch(one -> one.enlistment().equals(each.id())));
        });
    }

    private static boolean hasSomethingToCommit(CoreEnlistment enlistment) {
        return !enlistment.isSuperior()
                && enlistment.state() != EnlistmentState.READ_ONLY
                && enlistment.mask().has(Notification.COMMIT);
    }

    /** Whether its end is being written, or was; under the lock. */
    boolean hasEnded() {
        return ended;
    }

    // What the queue holds.

    void carryOut(EffectQueue.Work work) {
        switch (work) {
            case RESERVE -> journal().reserve();
            case FORCE_DECISION -> journal().force(TransactionRecord.Status.COMMITTED);
            case FORCE_PREPARED -> journal().force(TransactionRecord.Status.PREPARED);
            case FORCE_DELEGATION -> journal().force(TransactionRecord.Status.DELEGATED);
            case FORCE_ROLLBACK -> journal().force(TransactionRecord.Status.ROLLED_BACK);
            case FORCE_FORGOTTEN -> journal().forceForgotten();
            case FORGET -> forget();
            case GIVE_UP -> journal().giveUp();
            case NOTHING -> {}
        }
    }

    /** The last participant, if somebody may decide in its place. */
    CoreEnlistment requireUndecidedLast() throws KtmException {
        lock.lock();
        try {
            return (CoreEnlistment) protocol.requireUndecidedLast();
        } finally {
            lock.unlock();
        }
    }

    /** Whether {@link #requireUndecidedLast} finds one. */
    boolean isWaitingForLast() {
        return locked(protocol::isWaitingForLast);
    }

    /**
     * Decides in place of the last participant.
     *
     * @param unseen what is written with the decision: that the last participant may have done otherwise
     * @throws KtmException if it cannot be decided, or not be written
     */
    void decideInPlaceOfLast(boolean commit, Damage unseen) throws KtmException {
        say(each -> {
            each.decideInPlaceOfLast(commit);
            journal().tellWithNext(unseen);
        });
        drain();
        await(each -> !each.isDecidedInPlaceOfLast());
        var now = outcome();
        // What was not written is not remembered; by now the last participant may have decided itself.
        boolean isWritten = unseen.addedTo(damage()).equals(damage());
        if (!isWritten || now == Outcome.UNAVAILABLE) {
            throw notWritten(now);
        }
    }

    /** The superior, if an operator may decide in its place. */
    CoreEnlistment requireInDoubt() throws KtmException {
        lock.lock();
        try {
            return (CoreEnlistment) protocol.requireInDoubt();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Does what an operator has decided in place of the superior; returns when that is written, if it has to be. Participants
     * are told by somebody else.
     *
     * @param unseen what is written with a decision that was made without knowing the superior's; null if it is known
     * @throws KtmException if it cannot be decided, or not be written
     */
    void decideInPlaceOfSuperior(boolean commit, @Nullable Damage unseen) throws KtmException {
        say(each -> {
            if (unseen == null) {
                each.resolve(commit);
            } else {
                each.decideInPlaceOfSuperior(commit);
                journal().tellWithNext(unseen);
            }
        });
        kernel.workers().execute(this::drain);
        await(each -> !each.isDecidedInPlaceOfSuperior());
        var now = outcome();
        boolean isWritten = unseen == null || unseen.addedTo(damage()).equals(damage());
        // If it was not, the superior may have decided itself by now.
        if (!isWritten || now != (commit ? Outcome.COMMITTED : Outcome.ABORTED)) {
            throw notWritten(now);
        }
    }

    private KtmException notWritten(Outcome now) {
        return new KtmException(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                "the decision about transaction " + unitOfWork() + " could not be written"
                        + (now == Outcome.UNAVAILABLE
                                ? ": only a restart can tell what is in the log"
                                : ", and the operator has decided nothing")
                        + ": " + failure,
                failure);
    }

    /** Rolls back in place of a superior that does not decide, and has the journal forget it. Returns whether it did. */
    boolean giveUp() {
        boolean done = locked(() -> {
            boolean given = protocol.giveUp();
            if (given) {
                effects.add(EffectQueue.Work.GIVE_UP);
            }
            return given;
        });
        if (done) {
            TransactionReports.givenUp(this);
            drain();
        }
        return done;
    }

    /** Sets space aside for the superior's decision about a transaction of an earlier life; if there is none, tries again then. */
    void reserveDecision() {
        journal().reserveDecision();
    }

    TransactionRecord damagedRecord() {
        return journal().damagedRecord();
    }

    private void forget() {
        if (locked(protocol::hasSuperior)) {
            // First: when it is not there any more, only the acts of operators tell what was decided.
            Objects.requireNonNull(coordinator).inPlaceOfSuperior().settle(this);
        }
        TransactionJournal known;
        lock.lock();
        try {
            ended = true;
            known = journal;
        } finally {
            lock.unlock();
        }
        if (known != null) {
            known.end();
        }
        kernel.live().remove(this);
    }

    // The end.

    void completed(Outcome outcome) {
        deadline = Timeouts.NEVER;
        releaseSpace();
        var callee = listener;
        if (callee != null) {
            try {
                callee.afterCompletion(outcome);
            } catch (RuntimeException | Error e) {
                System.getLogger(CoreTransaction.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "transaction " + unitOfWork() + " is " + outcome + "; a listener failed afterwards",
                                e);
            }
        }
        var told = watchers;
        if (told != null) {
            told.ended(end(outcome, told.nanosSinceBegun()));
        }
        CompletableFuture<Outcome> waiting;
        lock.lock();
        try {
            completed = outcome;
            count(outcome);
            waiting = completion;
            changed();
        } finally {
            lock.unlock();
        }
        if (waiting != null) {
            waiting.complete(outcome);
        }
    }

    private TransactionEnd end(Outcome outcome, long nanos) {
        return locked(() -> new TransactionEnd(
                outcome, protocol.cause(), onePhase, protocol.isReadOnly(), !damage().isEmpty(), nanos));
    }

    /** Under the lock: who waits for the end finds it counted. */
    private void count(Outcome outcome) {
        var manager = coordinator;
        if (manager != null) {
            manager.counters().ended(outcome, protocol.cause().orElse(null), onePhase, protocol.isReadOnly());
        }
    }

    private void releaseSpace() {
        var known = locked(() -> journal);
        if (known != null) {
            known.releaseSpace();
        }
    }

    /** The outcome once it is known, and all has been done that can be done now. */
    CompletionStage<Outcome> completion() {
        lock.lock();
        try {
            var future = completion;
            if (future == null) {
                future = new CompletableFuture<>();
                completion = future;
                var known = completed;
                if (known != null) {
                    future.complete(known);
                }
            }
            return future.minimalCompletionStage();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the end, however long that takes; an interrupt is kept for later. */
    Outcome await() {
        var known = completed;
        return known != null ? known : completion().toCompletableFuture().join();
    }

    /**
     * Waits until all has been done that can be done now, but not for ever, and does what nobody is at. Returns at once if it is
     * called from within that.
     */
    void awaitEnd(long nanos) {
        drain();
        if (completed == null && !isDrainedHere()) {
            awaitUntil(System.nanoTime() + nanos);
        }
    }

    /** Waits until it stands here or has an outcome; an interrupt is kept for later. */
    void awaitState(TransactionState wanted) {
        await(each -> each.state() == wanted || each.outcome() != Outcome.UNDETERMINED);
    }

    /** Waits until this holds; an interrupt is kept for later. */
    private void await(Predicate<TransactionProtocol> wanted) {
        lock.lock();
        try {
            while (!wanted.test(protocol)) {
                var waited = changed;
                if (waited == null) {
                    waited = lock.newCondition();
                    changed = waited;
                }
                waited.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether its commit is on its way; not if it waits for its superior. Under the lock. */
    private boolean isOnItsWay() {
        return completed == null
                && switch (protocol.state()) {
                    case PRE_PREPARING, PREPARING, DELEGATED, COMMITTED -> true;
                    case ACTIVE -> protocol.isCommitRequested() && !protocol.hasSuperior();
                    case PRE_PREPARED, PREPARED -> !protocol.hasSuperior();
                    case IN_DOUBT, ABORTED, FORGOTTEN -> false;
                };
    }

    /** Waits, until this time of {@link System#nanoTime}, for the commit that is on its way. Returns whether none is. */
    boolean comesToRest(long nanoTime) {
        lock.lock();
        try {
            while (isOnItsWay()) {
                long left = nanoTime - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                if (changed == null) {
                    changed = lock.newCondition();
                }
                var unused = changed.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Whether this very thread carries out what it has to do. */
    boolean isDrainedHere() {
        return locked(effects::isDrainedHere);
    }

    /** Whether participants are still to be told that it is rolled back. */
    boolean isRollingBack() {
        return locked(() -> completed == null && protocol.outcome() == Outcome.ABORTED);
    }

    boolean isCommitting() {
        return locked(() -> completed == null && protocol.isCommitRequested());
    }

    /** Waits for the end, until this time of {@link System#nanoTime}; an interrupt is kept for later. */
    void awaitUntil(long nanoTime) {
        var end = completion().toCompletableFuture();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    end.get(nanoTime - System.nanoTime(), TimeUnit.NANOSECONDS);
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException | TimeoutException e) {
            // Who waits does so no longer.
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Fails unless it is committed, with what the client should know. */
    void requireCommitted(Outcome outcome) throws KtmException {
        switch (outcome) {
            case COMMITTED -> {
                if (!damage().isEmpty()) {
                    throw new KtmException(
                            KtmError.HEURISTIC_DAMAGE_POSSIBLE,
                            "transaction " + unitOfWork() + " is committed, but not by all: " + damage());
                }
            }
            case ABORTED -> {
                var error =
                        rolledBackBy().filter(RollbackCause.GIVEN_UP::equals).isPresent()
                                ? KtmError.TRANSACTION_INTEGRITY_VIOLATED
                                : failureError;
                throw new KtmException(
                        error == null ? KtmError.TRANSACTION_ALREADY_ABORTED : error,
                        "transaction " + unitOfWork() + " was rolled back: "
                                + rollbackCause().orElse("nobody knows why"),
                        failure);
            }
            case UNAVAILABLE, UNDETERMINED ->
                throw new KtmException(
                        failure instanceof UnknownOutcomeException
                                ? KtmError.TRANSACTIONMANAGER_NOT_ONLINE
                                : KtmError.RM_DISCONNECTED,
                        "the outcome of transaction " + unitOfWork() + " is not known here: "
                                + (failure == null ? "the participant that decides has gone" : failure),
                        failure);
        }
    }

    /** Whether nobody else in it has anything to commit. */
    boolean isAlone(CoreEnlistment enlistment) {
        return locked(() -> protocol.isAlone(enlistment));
    }

    void report(
            OutcomeReport.Kind kind,
            String resourceManager,
            String branch,
            String code,
            String cause,
            String nextStep,
            @Nullable Throwable thrown) {
        kernel.report(new OutcomeReport(
                kind,
                kernel.now(),
                id(),
                unitOfWork(),
                resourceManager,
                branch,
                code,
                cause,
                nextStep,
                Optional.ofNullable(thrown)));
    }
}
