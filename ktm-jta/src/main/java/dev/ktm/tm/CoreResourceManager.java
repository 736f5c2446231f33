package dev.ktm.tm;

import dev.ktm.protocol.Reply;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.ParticipantDescription;
import dev.ktm.rm.RecoveryInformation;
import dev.ktm.rm.TransactionId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A resource manager itself; what others hold are {@link ResourceManagerHandle}s. Safe for many threads. */
final class CoreResourceManager {

    private static final UUID NO_TRANSACTION = new UUID(0, 0);

    final Coordinator coordinator;
    final UUID id;
    final String description;
    final boolean isVolatile;
    final boolean communication;

    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final ArrayDeque<Queued> queue = new ArrayDeque<>();
    private volatile @Nullable NotificationHandler handler;
    private boolean handlerComes;
    private volatile boolean closed;
    private int handles;
    /** What was announced and is not recovered yet. */
    private final Map<UUID, CoreEnlistment> announced = new ConcurrentHashMap<>();

    /** A notification that nobody has fetched; of no enlistment if it is about all of them. */
    private record Queued(NotificationEvent event, @Nullable CoreEnlistment enlistment) {}

    CoreResourceManager(
            Coordinator coordinator, UUID id, String description, boolean isVolatile, boolean communication) {
        this.coordinator = coordinator;
        this.id = id;
        this.name = id.toString();
        this.description = description;
        this.isVolatile = isVolatile;
        this.communication = communication;
    }

    /** The name under which the journal knows it. */
    String name() {
        return name;
    }

    /** What people know it by. */
    String label() {
        return description.isEmpty() ? name : description;
    }

    /** As {@link NotificationHandler#describe}. */
    Optional<ParticipantDescription> describe(@Nullable Object key, RecoveryInformation information) {
        var known = handler;
        try {
            return known == null ? Optional.empty() : known.describe(key, information);
        } catch (RuntimeException e) {
            System.getLogger(CoreResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, "resource manager " + label() + " cannot describe a branch", e);
            return Optional.empty();
        }
    }

    boolean isClosed() {
        return closed;
    }

    void opened() {
        lock.lock();
        try {
            handles++;
        } finally {
            lock.unlock();
        }
    }

    /** A handle was closed; with the last one it leaves. */
    void handleClosed() {
        lock.lock();
        try {
            if (--handles > 0 || closed) {
                return;
            }
            closed = true;
            queue.clear();
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
        coordinator.left(this);
    }

    // Notifications.

    void deliver(CoreEnlistment enlistment, Notification notification) {
        if (closed) {
            enlistment.transaction.act(protocol -> protocol.gone(enlistment));
            return;
        }
        boolean announces = notification == Notification.RECOVER || notification == Notification.RECOVER_QUERY;
        var callee = handler;
        if (callee != null && !announces) {
            call(callee, enlistment, notification, null);
            return;
        }
        if (announces) {
            announced.put(enlistment.id(), enlistment);
        }
        var event = announces
                ? new NotificationEvent(
                        notification,
                        null,
                        coordinator.clock(),
                        Optional.of(
                                new NotificationEvent.Recovered(enlistment.id(), enlistment.transaction.unitOfWork())))
                : new NotificationEvent(notification, enlistment.key, coordinator.clock(), Optional.empty());
        if (callee == null) {
            callee = queueUnlessHandled(new Queued(event, enlistment));
        }
        if (callee != null) {
            call(callee, enlistment, notification, event);
        }
    }

    /** Queues unless a handler has come meanwhile, which is returned. */
    private @Nullable NotificationHandler queueUnlessHandled(Queued queued) {
        lock.lock();
        try {
            if (handler == null && !closed) {
                queue.add(queued);
                arrived.signal();
            }
            return handler;
        } finally {
            lock.unlock();
        }
    }

    /** Calls the handler; without an event, if the handler can do without one. */
    private void call(
            NotificationHandler callee,
            CoreEnlistment enlistment,
            Notification notification,
            @Nullable NotificationEvent event) {
        var watchers = enlistment.transaction.watchers();
        var watched = watchers == null ? null : WatchedNotification.of(watchers, enlistment, notification);
        try {
            var result = event == null
                    ? callee.handle(notification, enlistment.key, coordinator.clock())
                    : callee.handle(event);
            if (watched != null) {
                watched.answered(result);
            }
            if (result == NotificationHandler.Result.SUCCESS) {
                answer(enlistment, notification);
            } else if (!hasReply(notification)) {
                pendingWithoutReply(enlistment.transaction.id(), enlistment.transaction.unitOfWork(), notification);
            }
        } catch (Exception | Error e) {
            // Also an error: somebody waits for the answer.
            if (watched != null) {
                watched.failed(e);
            }
            failed(enlistment, notification, e);
        }
    }

    private void pendingWithoutReply(Optional<TransactionId> transaction, UUID unitOfWork, Notification notification) {
        coordinator.report(new OutcomeReport(
                OutcomeReport.Kind.PROTOCOL_ERROR,
                coordinator.now(),
                transaction,
                unitOfWork,
                label(),
                "",
                "",
                "the handler answers PENDING to " + notification + ", which has no answer",
                "mend the resource manager: SUCCESS is the only result",
                Optional.empty()));
    }

    private static boolean hasReply(Notification notification) {
        return switch (notification) {
            case PREPREPARE,
                    PREPARE,
                    COMMIT,
                    ROLLBACK,
                    SINGLE_PHASE_COMMIT,
                    RECOVER,
                    RECOVER_QUERY,
                    COMMIT_REQUEST,
                    REQUEST_OUTCOME,
                    PREPREPARE_COMPLETE,
                    PREPARE_COMPLETE -> true;
            case COMMIT_COMPLETE, ROLLBACK_COMPLETE, LAST_RECOVER, INDOUBT, RM_DISCONNECTED, TM_ONLINE -> false;
        };
    }

    /** Success is the answer, unless it was given already. */
    private static void answer(CoreEnlistment enlistment, Notification notification) {
        switch (notification) {
            case PREPREPARE -> answerIf(enlistment, EnlistmentState.PRE_PREPARING, Reply.PREPREPARE_COMPLETE);
            case PREPARE -> answerIf(enlistment, EnlistmentState.PREPARING, Reply.PREPARE_COMPLETE);
            case COMMIT -> answerIf(enlistment, EnlistmentState.COMMITTED_NOTIFY, Reply.COMMIT_COMPLETE);
            case SINGLE_PHASE_COMMIT -> answerIf(enlistment, EnlistmentState.DELEGATED, Reply.COMMIT_COMPLETE);
            case ROLLBACK -> answerIf(enlistment, EnlistmentState.ABORTING, Reply.ROLLBACK_COMPLETE);
            case PREPREPARE_COMPLETE,
                    PREPARE_COMPLETE,
                    COMMIT_COMPLETE,
                    ROLLBACK_COMPLETE,
                    RECOVER,
                    RECOVER_QUERY,
                    LAST_RECOVER,
                    INDOUBT,
                    RM_DISCONNECTED,
                    TM_ONLINE,
                    COMMIT_REQUEST,
                    REQUEST_OUTCOME -> {}
        }
    }

    private static void answerIf(CoreEnlistment enlistment, EnlistmentState state, Reply reply) {
        enlistment.replyIf(state, reply);
    }

    /** The handler has thrown: before its vote that is a no; afterwards it has to be recovered. */
    private void failed(CoreEnlistment enlistment, Notification notification, Throwable failure) {
        boolean undecided = notification == Notification.PREPREPARE || notification == Notification.PREPARE;
        enlistment.transaction.report(
                undecided ? OutcomeReport.Kind.REFUSED : OutcomeReport.Kind.PENDING,
                label(),
                "",
                "",
                "the handler failed at " + notification + ": " + failure,
                undecided ? "the transaction is rolled back" : "recover the resource manager",
                failure);
        if (undecided) {
            enlistment.refuseIfOwed(failure);
        } else {
            enlistment.transaction.act(protocol -> protocol.disconnected(enlistment));
        }
    }

    NotificationEvent next(Duration timeout) throws KtmException, InterruptedException {
        long nanos = timeout.toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                var queued = queue.poll();
                if (queued != null) {
                    return queued.event();
                }
                if (closed) {
                    throw new KtmException(
                            KtmError.TRANSACTION_OBJECT_EXPIRED, "expected an open resource manager, found it closed");
                }
                if (nanos <= 0) {
                    throw new KtmException(
                            KtmError.TIMEOUT, "expected a notification within " + timeout + ", found none");
                }
                nanos = arrived.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    void setHandler(NotificationHandler newHandler) throws KtmException {
        lock.lock();
        try {
            if (handlerComes) {
                throw new KtmException(
                        KtmError.INVALID_PARAMETER, "expected a resource manager without a handler, found one");
            }
            handlerComes = true;
        } finally {
            lock.unlock();
        }
        // What comes meanwhile is queued, so that it does not overtake.
        for (var queued = nextUnlessEmpty(newHandler); queued != null; queued = nextUnlessEmpty(newHandler)) {
            var enlistment = queued.enlistment();
            if (enlistment == null) {
                callLastRecover(newHandler, queued.event());
            } else {
                call(newHandler, enlistment, queued.event().notification(), queued.event());
            }
        }
    }

    /** The next in the queue; if there is none, the handler is called directly from now on. */
    private @Nullable Queued nextUnlessEmpty(NotificationHandler newHandler) {
        lock.lock();
        try {
            var queued = queue.poll();
            if (queued == null) {
                handler = newHandler;
            }
            return queued;
        } finally {
            lock.unlock();
        }
    }

    void deliverLastRecover() {
        var event = new NotificationEvent(Notification.LAST_RECOVER, null, coordinator.clock(), Optional.empty());
        var callee = handler;
        if (callee == null) {
            callee = queueUnlessHandled(new Queued(event, null));
        }
        if (callee != null) {
            callLastRecover(callee, event);
        }
    }

    private void callLastRecover(NotificationHandler callee, NotificationEvent event) {
        try {
            if (callee.handle(event) == NotificationHandler.Result.PENDING) {
                pendingWithoutReply(Optional.empty(), NO_TRANSACTION, event.notification());
            }
        } catch (Exception | Error e) {
            System.getLogger(CoreResourceManager.class.getName())
                    .log(System.Logger.Level.WARNING, "the handler of " + name + " failed at LAST_RECOVER", e);
        }
    }

    @Nullable
    CoreEnlistment announced(UUID enlistment) {
        return announced.get(enlistment);
    }

    boolean isAnnounced(CoreEnlistment enlistment) {
        return announced.containsKey(enlistment.id());
    }

    void recovered(CoreEnlistment enlistment) {
        announced.remove(enlistment.id());
    }
}
