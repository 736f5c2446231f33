package dev.ktm.rm;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A resource manager that is called, rather than asking for its notifications. */
@FunctionalInterface
public interface NotificationHandler {

    /** What has become of a notification. */
    enum Result {
        /** It is dealt with: where an answer is due, this is it. */
        SUCCESS,
        /** The answer follows, or has been given, through the {@link Enlistment}. */
        PENDING
    }

    /**
     * Deals with a notification. Called by whichever thread drives the transaction, with no lock held; may answer and may call
     * the coordinator. Notifications of one enlistment come one after another, those of several may come at once.
     *
     * @throws Exception if it cannot: before its vote that rolls the transaction back, later it is told again when the
     *     resource manager is recovered
     */
    Result handle(NotificationEvent event) throws Exception;

    /**
     * Deals with a notification that carries nothing but its key. Handlers that want to do without an event for each override
     * this as well.
     *
     * @param key the enlistment's key
     * @param clock the virtual clock
     */
    default Result handle(Notification notification, @Nullable Object key, long clock) throws Exception {
        return handle(new NotificationEvent(notification, key, clock, Optional.empty()));
    }

    /**
     * What people are shown of an enlistment; empty if its resource manager's own name says it all. Must neither wait nor call
     * the coordinator.
     *
     * @param key the enlistment's key; null after a restart, before it is recovered
     * @param information what it has said it needs for its recovery
     */
    default Optional<ParticipantDescription> describe(@Nullable Object key, RecoveryInformation information) {
        return Optional.empty();
    }
}
