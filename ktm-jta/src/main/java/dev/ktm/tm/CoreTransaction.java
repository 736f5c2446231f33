package dev.ktm.tm;

import dev.ktm.journal.EnlistmentRecord;
import dev.ktm.journal.Journal;
import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.protocol.Effects;
import dev.ktm.protocol.Participant;
import dev.ktm.protocol.Reply;
import dev.ktm.protocol.Role;
import dev.ktm.protocol.TransactionProtocol;
import dev.ktm.rm.Damage;
import dev.ktm.rm.EnlistmentState;
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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A transaction itself: drives a {@link TransactionProtocol}.
 *
 * <p><b>Theory of operation.</b> Whoever has something to say takes the lock, tells the protocol, and releases it; what the
 * protocol wants done is queued. Then one thread, the first that comes, carries the queue out without the lock, in order, also
 * what others add meanwhile. So a resource manager may answer from within its notification, calls never nest, and a client
 * that commits does all the work on its own thread unless another is at it already.
 */
final class CoreTransaction implements Effects, KtmTransaction {

    /** What has to be done besides telling participants. */
    private enum Work {
        RESERVE,
        FORCE_DECISION,
        FORCE_PREPARED,
        FORCE_DELEGATION,
        FORGET,
        /** The journal is to forget it before all have answered. */
        GIVE_UP,
        /** What was to be done is not to be done any more. */
        NOTHING
    }

    private static final int FIRST_QUEUE = 8;

    private final TransactionManagers kernel;
    private final ReentrantLock lock = new ReentrantLock();
    private final TransactionProtocol protocol;
    private volatile @Nullable Coordinator coordinator;
    private long sequence;
    private @Nullable TransactionId id;
    private volatile @Nullable UUID unitOfWork;
    private volatile String description;
    private final boolean doNotPromote;
    private final boolean readOnly;
    private volatile long timeoutNanos;
    private volatile long deadline = Timeouts.NEVER;
    private int handles;
    private int enlisted;
    private volatile @Nullable TransactionListener listener;
    private boolean listenerCalled;

    /** Pairs of a participant and its notification, or of this and a {@link Work} or an {@link Outcome}. */
    private @Nullable Object[] queue = new Object[FIRST_QUEUE];

    private int queueHead;
    private int queueTail;
    private boolean draining;

    private Journal.@Nullable Space space;
    /** What will be decided if nobody changes his mind between reservation and vote. */
    private @Nullable TransactionRecord prospective;

    /** Whether something of it may be in the journal. */
    private boolean written;
    /** Whether the journal is being told, or was, that it has ended. */
    private boolean ended;

    private List<Damage> damage = List.of();
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

    int liveStripe;

    /** A new one; bound to no transaction manager if none is given. */
    CoreTransaction(TransactionManagers kernel, @Nullable Coordinator coordinator, TransactionOptions options) {
        this.kernel = kernel;
        this.protocol = new TransactionProtocol(this);
        this.unitOfWork = options.unitOfWork().orElse(null);
        this.description = options.description();
        this.doNotPromote = options.createOptions() == TransactionOptions.DO_NOT_PROMOTE;
        this.readOnly = options.readOnly();
        this.timeoutNanos = options.timeout().isZero() ? 0 : saturatedNanos(options.timeout());
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
        this.description = "";
        this.doNotPromote = false;
        this.readOnly = false;
        this.written = true;
        this.damage = record.damage();
        var participants = new ArrayList<CoreEnlistment>();
        var decider = record.status() == TransactionRecord.Status.DELEGATED ? Role.LAST : Role.SUPERIOR;
        record.decider().ifPresent(who -> participants.add(recovered(who, decider)));
        record.participants().forEach(participant -> participants.add(recovered(participant, Role.ANY)));
        boolean committed = record.status() == TransactionRecord.Status.COMMITTED;
        this.protocol = TransactionProtocol.recovered(
                this, committed ? TransactionState.COMMITTED : TransactionState.IN_DOUBT, participants);
        this.completed = committed ? Outcome.COMMITTED : null;
    }

    private CoreEnlistment recovered(EnlistmentRecord record, Role role) {
        return new CoreEnlistment(
                this, record.resourceManager(), record.enlistment(), role, record.recoveryInformation());
    }

    private static long saturatedNanos(Duration timeout) {
        try {
            return timeout.toNanos();
        } catch (ArithmeticException e) {
            return Timeouts.NEVER;
        }
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
        return readOnly;
    }

    @Override
    public boolean hasNothingToCommit() {
        return locked(protocol::isReadOnly);
    }

    @Override
    public Optional<String> rollbackCause() {
        return locked(() -> protocol.cause().map(this::explain));
    }

    @Override
    public Optional<Duration> timeLeft() {
        long until = deadline;
        return until == Timeouts.NEVER
                ? Optional.empty()
                : Optional.of(
                        Duration.ofNanos(Math.max(0, until - kernel.timeouts().now())));
    }

    private String explain(RollbackCause cause) {
        var text = switch (cause) {
            case CLIENT -> "its client rolled it back";
            case PARTICIPANT -> culpritLabel() + " refused to commit";
            case SUPERIOR -> "its superior decided so";
            case TIMEOUT -> "it took longer than " + Duration.ofNanos(timeoutNanos);
            case CLOSED -> "its last handle, or that of a participant at work, was closed";
            case LOG -> "the decision could not be written";
            case GIVEN_UP -> "its superior did not decide, and the log was full";
        };
        var because = failure;
        return because == null ? text : text + ": " + because;
    }

    private String culpritLabel() {
        return protocol.culprit()
                .map(culprit -> ((CoreEnlistment) culprit).resourceManager)
                .map(CoreResourceManager::label)
                .orElse("a participant");
    }

    @Override
    public Optional<RollbackCause> rolledBackBy() {
        return locked(protocol::cause);
    }

    @Override
    public String description() {
        return description;
    }

    Duration timeout() {
        return Duration.ofNanos(timeoutNanos);
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
        return locked(() -> damage);
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

    /** Tells the protocol something; what follows is carried out by {@link #drain}. */
    private <E extends Exception> void say(Act<E> act) throws E {
        lock.lock();
        try {
            act.on(protocol);
            var waiting = changed;
            if (waiting != null) {
                waiting.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The thread that works in it, if that is known. */
    Optional<Thread> owner() {
        return Optional.ofNullable(listener).flatMap(TransactionListener::owner);
    }

    void setListener(TransactionListener newListener) {
        listener = newListener;
    }

    void startTimer() {
        long nanos = timeoutNanos;
        if (nanos != 0) {
            long now = kernel.timeouts().now();
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
        var done = new boolean[1];
        say(each -> done[0] = each.abort(RollbackCause.TIMEOUT));
        if (done[0]) {
            reportTimeout();
        }
    }

    /** Where its owner is at this moment tells what takes so long; nobody has noted anything before. */
    private void reportTimeout() {
        var owner = owner().map(OutcomeReport.Owner::of);
        kernel.report(new OutcomeReport(
                OutcomeReport.Kind.TIMED_OUT,
                kernel.now(),
                id(),
                unitOfWork(),
                "",
                "",
                "",
                "not prepared within " + timeout() + ", "
                        + owner.map(found -> "while " + found).orElse("associated with no thread"),
                "it is rolled back: find out what takes so long, or give it more time",
                Optional.empty(),
                owner,
                Optional.empty()));
    }

    void setTimeout(Duration timeout) throws KtmException {
        if (timeout.isNegative()) {
            throw TransactionOptions.invalid("a timeout that is not negative", timeout.toString());
        }
        say(each -> {
            if (each.cause().filter(RollbackCause.TIMEOUT::equals).isPresent()) {
                throw new KtmException(
                        KtmError.ROLLBACK_TIMER_EXPIRED,
                        "expected an active transaction, found one that has timed out after "
                                + Duration.ofNanos(timeoutNanos));
            }
            requireActive(each, KtmError.TRANSACTION_REQUEST_NOT_VALID);
            timeoutNanos = saturatedNanos(timeout);
            deadline = Timeouts.NEVER;
        });
        startTimer();
    }

    void setDescription(String text) throws KtmException {
        TransactionOptions.checkDescription(text);
        say(each -> {
            requireActive(each, KtmError.TRANSACTION_REQUEST_NOT_VALID);
            description = text;
        });
    }

    private static void requireActive(TransactionProtocol each, KtmError error) throws KtmException {
        if (each.state() != TransactionState.ACTIVE || each.isCommitRequested()) {
            throw new KtmException(
                    each.outcome() == Outcome.UNDETERMINED ? error : KtmError.TRANSACTION_NOT_ACTIVE,
                    "expected an active transaction, found one that is " + each.state());
        }
    }

    CoreEnlistment enlist(CoreResourceManager resourceManager, NotificationMask mask, @Nullable Object key, Role role)
            throws KtmException {
        var manager = resourceManager.coordinator;
        manager.requireOnline();
        boolean decides = role == Role.SUPERIOR || role == Role.LAST;
        if (decides && resourceManager.isVolatile && !manager.isVolatile()) {
            throw new KtmException(
                    KtmError.TM_VOLATILE,
                    "expected a durable resource manager to decide, found " + resourceManager.label());
        }
        if (doNotPromote && resourceManager.communication) {
            throw new KtmException(
                    KtmError.TRANSACTION_REQUIRED_PROMOTION,
                    "expected a resource manager of this host, found " + resourceManager.label()
                            + ", and the transaction must not be promoted");
        }
        var home = coordinator;
        if (home != null && home != manager) {
            return enlistInBranch(home, resourceManager, mask, key, role);
        }
        if (decides && isBranch()) {
            throw notRoot("the transaction that this is a branch of");
        }
        var enlistment = enter(resourceManager, mask, key, role, entered -> {});
        if (enlistment == null) {
            return enlistInBranch(Objects.requireNonNull(coordinator), resourceManager, mask, key, role);
        }
        drain();
        return enlistment;
    }

    private CoreEnlistment enlistInBranch(
            Coordinator home,
            CoreResourceManager resourceManager,
            NotificationMask mask,
            @Nullable Object key,
            Role role)
            throws KtmException {
        if (role == Role.SUPERIOR || role == Role.LAST) {
            throw notRoot("a resource manager of " + home + ", where the root of the transaction is");
        }
        mask.check();
        return kernel.links().enlist(this, home, resourceManager, mask, key);
    }

    private KtmException notRoot(String expected) {
        return new KtmException(
                KtmError.TRANSACTION_NOT_ROOT, "expected " + expected + ", found another for " + unitOfWork());
    }

    private boolean isBranch() {
        return superior().filter(driver -> ManagerLink.otherEnd(driver) != null).isPresent();
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
            say(each -> {
                each.requireCommittable();
                if (listenerCalled) {
                    throw new KtmException(
                            KtmError.TRANSACTION_REQUEST_NOT_VALID,
                            "expected a transaction that nobody commits, found one whose commit has begun");
                }
            });
            beforeCommit();
        }
        act(each -> {
            each.commit();
            tick();
        });
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
                callee.beforeCommit();
            } catch (RuntimeException | Error e) {
                fail(null, e);
                act(each -> each.abort(RollbackCause.CLIENT));
            }
        }
    }

    /** Once, and only while there is something to be done before the commit. */
    private boolean mayCallListener() {
        return locked(() -> {
            boolean may = !listenerCalled && protocol.state() == TransactionState.ACTIVE;
            listenerCalled |= may;
            return may;
        });
    }

    /** A superior orders a phase; the first one begins the commit. */
    void beginPhase(Notification completion, Act<KtmException> order) throws KtmException {
        if (listener != null
                && superior().filter(driver -> driver.mask().has(completion)).isPresent()) {
            beforeCommit();
        }
        act(each -> {
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

    private void fail(@Nullable KtmError error, @Nullable Throwable why) {
        if (failure == null && why != null) {
            failure = why;
        }
        if (failureError == null && error != null) {
            failureError = error;
        }
    }

    /** Takes a participant's no, and why, for those who ask why the transaction was rolled back. */
    void refuse(CoreEnlistment enlistment, Throwable why) throws KtmException {
        act(each -> {
            each.reply(enlistment, Reply.ROLLBACK);
            fail(null, why);
        });
    }

    /** As {@link #refuse}, if it still owes an answer that may be no. */
    void refuseIfOwed(CoreEnlistment enlistment, Throwable why) {
        act(each -> {
            if (enlistment.state() == EnlistmentState.PRE_PREPARING
                    || enlistment.state() == EnlistmentState.PREPARING) {
                try {
                    each.reply(enlistment, Reply.ROLLBACK);
                } catch (KtmException e) {
                    throw new IllegalStateException(e);
                }
                fail(null, why);
            }
        });
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
        act(each -> {
            handles--;
            // Whose commit has begun goes on.
            if (handles == 0 && !each.isCommitRequested()) {
                each.abort(RollbackCause.CLOSED);
            }
        });
    }

    /**
     * The last handle of an enlistment's resource manager was closed. What it has not been told yet is not told to its next
     * life, which asks.
     */
    void resourceManagerGone(CoreEnlistment enlistment) {
        act(each -> {
            for (int i = queueHead; i < queueTail; i += 2) {
                if (queue[i] == enlistment) {
                    queue[i] = this;
                    queue[i + 1] = Work.NOTHING;
                }
            }
            each.gone(enlistment);
            enlistment.resourceManager = null;
        });
    }

    void enlistmentOpened(CoreEnlistment enlistment) {
        lock.lock();
        try {
            enlistment.handles++;
        } finally {
            lock.unlock();
        }
    }

    void enlistmentClosed(CoreEnlistment enlistment) {
        act(each -> {
            enlistment.handles--;
            if (enlistment.handles == 0) {
                warnIfAtWork(enlistment);
                each.closed(enlistment);
            }
        });
    }

    private void warnIfAtWork(CoreEnlistment enlistment) {
        if (enlistment.state() == EnlistmentState.ACTIVE && protocol.state() == TransactionState.ACTIVE) {
            System.getLogger(CoreTransaction.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "resource manager " + enlistment.resourceManagerLabel()
                                    + " closed an enlistment that was neither read-only nor answered: transaction "
                                    + unitOfWork() + " is rolled back");
        }
    }

    /**
     * What is heuristic must be known for ever, before the resource manager is allowed to forget it.
     *
     * @return false if the transaction has ended, and the journal forgets it
     */
    boolean addDamage(Damage more) throws LogException, UnknownOutcomeException {
        var manager = Objects.requireNonNull(coordinator);
        manager.damageLock.lock();
        try {
            if (locked(() -> ended)) {
                return false;
            }
            var record = locked(() -> {
                var all = new ArrayList<>(damage);
                all.add(more);
                damage = List.copyOf(all);
                return protocol.outcome() == Outcome.COMMITTED
                        ? record(TransactionRecord.Status.COMMITTED)
                        : new TransactionRecord(
                                TransactionRecord.Status.ROLLED_BACK,
                                boundId(),
                                unitOfWork(),
                                manager.clock(),
                                Optional.empty(),
                                List.of(),
                                damage);
            });
            var journal = manager.journal();
            if (journal != null) {
                try (var room = journal.reserve(record)) {
                    written = true;
                    journal.force(room, record);
                }
            }
            return true;
        } finally {
            manager.damageLock.unlock();
        }
    }

    // Effects: queued under the lock.

    @Override
    public void tell(Participant participant, Notification notification) {
        offer(participant, notification);
    }

    @Override
    public void reserve() {
        offer(this, Work.RESERVE);
    }

    @Override
    public void forceDecision() {
        offer(this, Work.FORCE_DECISION);
    }

    @Override
    public void forcePrepared() {
        offer(this, Work.FORCE_PREPARED);
    }

    @Override
    public void forceSuperiorDecision() {
        offer(this, Work.FORCE_DECISION);
    }

    @Override
    public void forceDelegation() {
        offer(this, Work.FORCE_DELEGATION);
    }

    @Override
    public void complete(Outcome outcome) {
        offer(this, outcome);
    }

    @Override
    public void forget() {
        offer(this, Work.FORGET);
    }

    private void offer(Object subject, Object what) {
        if (queueTail == queue.length) {
            grow();
        }
        queue[queueTail] = subject;
        queue[queueTail + 1] = what;
        queueTail += 2;
    }

    private void grow() {
        int waiting = queueTail - queueHead;
        var target = waiting > queue.length / 2 ? new Object[2 * queue.length] : queue;
        System.arraycopy(queue, queueHead, target, 0, waiting);
        for (int i = waiting; i < target.length && target == queue; i++) {
            target[i] = null;
        }
        queue = target;
        queueHead = 0;
        queueTail = waiting;
    }

    /** Carries out what is queued, unless somebody is at it already. */
    void drain() {
        lock.lock();
        try {
            if (draining) {
                return;
            }
            draining = true;
            try {
                while (queueHead < queueTail) {
                    carryOutNext();
                }
            } finally {
                draining = false;
            }
        } finally {
            lock.unlock();
        }
    }

    private void carryOutNext() {
        var subject = Objects.requireNonNull(queue[queueHead]);
        var what = Objects.requireNonNull(queue[queueHead + 1]);
        queue[queueHead] = null;
        queue[queueHead + 1] = null;
        queueHead += 2;
        if (queueHead == queueTail) {
            queueHead = 0;
            queueTail = 0;
        }
        lock.unlock();
        try {
            carryOut(subject, what);
        } catch (RuntimeException | Error e) {
            System.getLogger(CoreTransaction.class.getName())
                    .log(System.Logger.Level.ERROR, "transaction " + unitOfWork() + ": " + what + " failed", e);
        } finally {
            lock.lock();
        }
    }

    private void carryOut(Object subject, Object what) {
        if (subject instanceof CoreEnlistment enlistment) {
            deliver(enlistment, (Notification) what);
        } else if (what instanceof Outcome outcome) {
            completed(outcome);
        } else {
            switch ((Work) what) {
                case RESERVE -> carryOutReserve();
                case FORCE_DECISION -> carryOutForce(TransactionRecord.Status.COMMITTED);
                case FORCE_PREPARED -> carryOutForce(TransactionRecord.Status.PREPARED);
                case FORCE_DELEGATION -> carryOutForce(TransactionRecord.Status.DELEGATED);
                case FORGET -> carryOutForget();
                case GIVE_UP -> carryOutGiveUp();
                case NOTHING -> {}
            }
        }
    }

    private void deliver(CoreEnlistment enlistment, Notification notification) {
        var resourceManager = enlistment.resourceManager;
        if (resourceManager != null) {
            resourceManager.deliver(enlistment, notification);
        } else {
            // Not opened since the restart, or closed: told when it recovers.
            act(each -> each.gone(enlistment));
        }
    }

    // The journal.

    private TransactionRecord record(TransactionRecord.Status status) {
        var records = new ArrayList<EnlistmentRecord>(protocol.participants().size());
        EnlistmentRecord decider = null;
        for (var participant : protocol.participants()) {
            var enlistment = (CoreEnlistment) participant;
            if (isToldOutcome(enlistment)) {
                records.add(recordOf(enlistment));
            } else if (isDecider(enlistment, status)) {
                decider = recordOf(enlistment);
            }
        }
        return new TransactionRecord(
                status,
                boundId(),
                unitOfWork(),
                Objects.requireNonNull(coordinator).clock(),
                Optional.ofNullable(decider),
                records,
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
        return EnlistmentRecord.sharing(enlistment.resourceManagerId, enlistment.id(), enlistment.recoveryInformation);
    }

    private void carryOutReserve() {
        var manager = Objects.requireNonNull(coordinator);
        try {
            manager.requireOnline();
            var journal = Objects.requireNonNull(manager.journal());
            boolean underSuperior = superior().isPresent();
            var decision = locked(() -> record(
                    protocol.last().isPresent()
                            ? TransactionRecord.Status.DELEGATED
                            : TransactionRecord.Status.COMMITTED));
            prospective = decision;
            var room = underSuperior
                    ? reserve(manager, journal, locked(() -> record(TransactionRecord.Status.PREPARED)), decision)
                    : reserve(manager, journal, decision);
            say(each -> {
                if (each.outcome() == Outcome.UNDETERMINED) {
                    space = room;
                    each.reserved();
                } else {
                    room.close();
                }
            });
        } catch (IllegalArgumentException e) {
            reservationFailed(KtmError.TRANSACTION_RECORD_TOO_LONG, e);
        } catch (KtmException e) {
            reservationFailed(e.error(), e);
        } catch (LogFullException e) {
            refused("the log has no space for the decision: " + e.getMessage(), e);
            reservationFailed(null, e);
        } catch (LogException | RuntimeException | Error e) {
            logFailed(e);
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

    /** Rolls back in place of a superior that does not decide, and has the journal forget it. Returns whether it did. */
    boolean giveUp() {
        boolean done = locked(() -> {
            boolean given = protocol.giveUp();
            if (given) {
                offer(this, Work.GIVE_UP);
            }
            return given;
        });
        if (done) {
            report(
                    OutcomeReport.Kind.HEURISTIC,
                    superior().map(CoreEnlistment::resourceManagerLabel).orElse(""),
                    "",
                    KtmError.TRANSACTION_INTEGRITY_VIOLATED.name(),
                    "the log is full, and the superior has not decided: rolled back and forgotten",
                    "compare with what the superior has decided; let the log grow",
                    null);
            drain();
        }
        return done;
    }

    private void carryOutGiveUp() {
        releaseSpace();
        var journal = Objects.requireNonNull(coordinator).journal();
        if (journal != null) {
            journal.end(boundId());
        }
    }

    /** Sets space aside for the superior's decision about a transaction of an earlier life; if there is none, tries again then. */
    void reserveDecision() {
        var journal = Objects.requireNonNull(Objects.requireNonNull(coordinator).journal());
        try {
            space = journal.reserve(locked(() -> record(TransactionRecord.Status.COMMITTED)));
        } catch (LogException | RuntimeException e) {
            System.getLogger(CoreTransaction.class.getName())
                    .log(System.Logger.Level.WARNING, "no space for the decision about " + boundId(), e);
        }
    }

    private void reservationFailed(@Nullable KtmError error, Throwable why) {
        say(each -> {
            fail(error, why);
            each.reservationFailed();
        });
    }

    private void carryOutForce(TransactionRecord.Status status) {
        var journal = Objects.requireNonNull(Objects.requireNonNull(coordinator).journal());
        try {
            var record = recordToForce(status);
            var room = space;
            if (room == null) {
                // Of an earlier life, when the log was so full that the space of then could not be had again.
                room = journal.reserve(record);
                space = room;
            }
            journal.force(room, record);
            say(TransactionProtocol::decided);
        } catch (UnknownOutcomeException e) {
            logFailed(e);
            say(each -> {
                fail(null, e);
                each.decisionFailed(true);
            });
        } catch (LogFullException e) {
            // Recovery information that came after the reservation found no space: the log is as good as before.
            decisionNotWritten(null, e);
        } catch (LogException e) {
            logFailed(e);
            decisionNotWritten(null, e);
        } catch (IllegalArgumentException e) {
            decisionNotWritten(KtmError.TRANSACTION_RECORD_TOO_LONG, e);
        } catch (RuntimeException | Error e) {
            logFailed(e);
            say(each -> {
                fail(null, e);
                each.decisionFailed(true);
            });
        }
        if (status != TransactionRecord.Status.PREPARED) {
            releaseSpace();
        }
    }

    private TransactionRecord recordToForce(TransactionRecord.Status status) {
        lock.lock();
        try {
            written = true;
            var known = prospective;
            prospective = null;
            return known != null && known.status() == status && isStill(known) ? known : record(status);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the participants are those of this record, with the same recovery information. */
    private boolean isStill(TransactionRecord record) {
        if (protocol.superior().isPresent() || record.damage() != damage) {
            return false;
        }
        var records = record.participants();
        int next = 0;
        var participants = protocol.participants();
        for (int i = 0; i < participants.size(); i++) {
            var enlistment = (CoreEnlistment) participants.get(i);
            if (isToldOutcome(enlistment)) {
                if (next == records.size()
                        || !records.get(next++).isOf(enlistment.id(), enlistment.recoveryInformation)) {
                    return false;
                }
            }
        }
        return next == records.size();
    }

    private void decisionNotWritten(@Nullable KtmError error, Throwable why) {
        if (superior().isEmpty() || locked(protocol::state) == TransactionState.PREPARING) {
            refused("the decision could not be written: " + why, why);
        } else {
            report(
                    OutcomeReport.Kind.IN_DOUBT,
                    "",
                    "",
                    "",
                    "the decision of the superior could not be written: " + why,
                    "the superior has to say it again",
                    why);
        }
        say(each -> {
            fail(error, why);
            each.decisionFailed(false);
        });
    }

    private void refused(String cause, Throwable why) {
        report(
                OutcomeReport.Kind.REFUSED,
                "",
                "",
                "",
                cause,
                "the transaction is rolled back; let the log grow, or free it",
                why);
    }

    private void logFailed(Throwable why) {
        var manager = coordinator;
        if (manager != null) {
            manager.logFailed(why, this);
        }
    }

    private void releaseSpace() {
        var room = space;
        space = null;
        if (room != null) {
            room.close();
        }
    }

    // The end.

    private void completed(Outcome outcome) {
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
        CompletableFuture<Outcome> waiting;
        lock.lock();
        try {
            completed = outcome;
            waiting = completion;
        } finally {
            lock.unlock();
        }
        if (waiting != null) {
            waiting.complete(outcome);
        }
    }

    private void carryOutForget() {
        releaseSpace();
        var manager = coordinator;
        if (manager != null) {
            var damaged = locked(() -> {
                ended = true;
                return damage;
            });
            if (!damaged.isEmpty()) {
                manager.remember(damagedRecord());
            } else if (written && locked(protocol::outcome) != Outcome.UNAVAILABLE) {
                var journal = manager.journal();
                if (journal != null) {
                    journal.end(boundId());
                }
            }
        }
        kernel.live().remove(this);
    }

    TransactionRecord damagedRecord() {
        return locked(() -> new TransactionRecord(
                protocol.outcome() == Outcome.COMMITTED
                        ? TransactionRecord.Status.COMMITTED
                        : TransactionRecord.Status.ROLLED_BACK,
                boundId(),
                unitOfWork(),
                Objects.requireNonNull(coordinator).clock(),
                Optional.empty(),
                List.of(),
                damage));
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

    /** Waits until it stands here or has an outcome; an interrupt is kept for later. */
    void awaitState(TransactionState wanted) {
        lock.lock();
        try {
            while (protocol.state() != wanted && protocol.outcome() == Outcome.UNDETERMINED) {
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

    boolean isCommitting() {
        return locked(() -> completed == null && protocol.isCommitRequested());
    }

    /** Waits for the end, until this time of {@link System#nanoTime}. */
    void awaitUntil(long nanoTime) {
        try {
            completion().toCompletableFuture().get(nanoTime - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // Who closes waits no longer.
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

    /** Takes a participant's word, and carries out what follows. */
    void reply(CoreEnlistment enlistment, Reply reply) throws KtmException {
        act(each -> each.reply(enlistment, reply));
    }

    /** As {@link #reply}, if the enlistment still stands there; otherwise somebody was quicker. */
    void replyIf(CoreEnlistment enlistment, EnlistmentState expected, Reply reply) {
        act(each -> {
            if (enlistment.state() == expected) {
                try {
                    each.reply(enlistment, reply);
                } catch (KtmException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
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
