package dev.ktm.rm;

import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One notification.
 *
 * @param notification what is to be done
 * @param key the enlistment's key; null with {@link Notification#LAST_RECOVER}, {@link Notification#TM_ONLINE}, and with what
 *     announces an enlistment of an earlier life
 * @param clock the virtual clock of the transaction manager when the notification was queued
 * @param recovered which enlistment {@link Notification#RECOVER} and {@link Notification#RECOVER_QUERY} announce
 */
public record NotificationEvent(
        Notification notification, @Nullable Object key, long clock, Optional<Recovered> recovered) {

    /**
     * An enlistment of an earlier life.
     *
     * @param enlistment its id
     * @param unitOfWork the id of its transaction
     */
    public record Recovered(UUID enlistment, UUID unitOfWork) {}
}
