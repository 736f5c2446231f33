package dev.ktm.rm;

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
}
