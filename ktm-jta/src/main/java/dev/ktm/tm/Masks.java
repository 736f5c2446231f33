package dev.ktm.tm;

import dev.ktm.protocol.Role;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;

/** What enlistments of an earlier life are told: their masks are not in the journal. */
final class Masks {

    static final NotificationMask SUBORDINATE = NotificationMask.of(
            Notification.PREPREPARE,
            Notification.PREPARE,
            Notification.COMMIT,
            Notification.ROLLBACK,
            Notification.RECOVER,
            Notification.LAST_RECOVER,
            Notification.INDOUBT);

    /** Of the last one, which decides. */
    static final NotificationMask LAST = NotificationMask.of(
            Notification.PREPARE,
            Notification.COMMIT,
            Notification.ROLLBACK,
            Notification.SINGLE_PHASE_COMMIT,
            Notification.RECOVER,
            Notification.LAST_RECOVER,
            Notification.INDOUBT);

    static final NotificationMask SUPERIOR = NotificationMask.of(
            Notification.ROLLBACK,
            Notification.COMMIT,
            Notification.PREPREPARE_COMPLETE,
            Notification.PREPARE_COMPLETE,
            Notification.COMMIT_COMPLETE,
            Notification.ROLLBACK_COMPLETE,
            Notification.RECOVER_QUERY,
            Notification.REQUEST_OUTCOME);

    private Masks() {}

    static NotificationMask of(Role role) {
        return switch (role) {
            case SUPERIOR -> SUPERIOR;
            case LAST -> LAST;
            case FIRST, ANY -> SUBORDINATE;
        };
    }
}
