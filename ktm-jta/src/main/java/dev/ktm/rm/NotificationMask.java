package dev.ktm.rm;

import java.util.EnumSet;
import java.util.Set;

/**
 * Which notifications an enlistment gets.
 *
 * @param bits the bits of the notifications
 */
public record NotificationMask(int bits) {

    /** Every bit that KTM knows. */
    private static final int VALID = 0x3FFF_FFFF;

    /** Refuses bits that KTM does not know. */
    public NotificationMask {
        if ((bits & ~VALID) != 0) {
            throw new IllegalArgumentException(
                    "expected a mask within " + Integer.toHexString(VALID) + ", found " + Integer.toHexString(bits));
        }
    }

    /** The mask of these notifications. */
    public static NotificationMask of(Notification... notifications) {
        int bits = 0;
        for (var notification : notifications) {
            bits |= notification.bit();
        }
        return new NotificationMask(bits);
    }

    /** Whether this notification is in it. */
    public boolean has(Notification notification) {
        return (bits & notification.bit()) != 0;
    }

    /** The notifications in it. */
    public Set<Notification> notifications() {
        var all = EnumSet.noneOf(Notification.class);
        for (var notification : Notification.values()) {
            if (has(notification)) {
                all.add(notification);
            }
        }
        return all;
    }

    /**
     * Fails unless it is a mask that an enlistment may have.
     *
     * @throws KtmException with {@link KtmError#INVALID_PARAMETER}
     */
    public void check() throws KtmException {
        require(has(Notification.ROLLBACK), "ROLLBACK in every mask");
        require(has(Notification.COMMIT) || !has(Notification.PREPARE), "COMMIT beside PREPARE");
        require(
                has(Notification.PREPARE) || !has(Notification.SINGLE_PHASE_COMMIT),
                "PREPARE and COMMIT beside SINGLE_PHASE_COMMIT");
        require(has(Notification.COMMIT) || has(Notification.PREPREPARE), "PREPREPARE in a mask without COMMIT");
    }

    private void require(boolean holds, String what) throws KtmException {
        if (!holds) {
            throw new KtmException(KtmError.INVALID_PARAMETER, "expected " + what + ", found " + notifications());
        }
    }
}
