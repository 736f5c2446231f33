package dev.ktm.protocol;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;

/** One enlistment as the protocol sees it. Not thread-safe: guarded as its {@link TransactionProtocol} is. */
public class Participant {

    private final NotificationMask mask;
    private final boolean durable;
    private final boolean superior;
    private EnlistmentState state = EnlistmentState.ACTIVE;
    /** Whether it has been asked in this phase and has not answered. */
    private boolean owes;

    /**
     * A participant.
     *
     * @param durable whether it must learn the outcome also after a crash
     * @param superior whether it drives the transaction in place of the client
     */
    public Participant(NotificationMask mask, boolean durable, boolean superior) {
        this.mask = mask;
        this.durable = durable;
        this.superior = superior;
    }

    /** Which notifications it gets. */
    public final NotificationMask mask() {
        return mask;
    }

    /** Whether it must learn the outcome also after a crash. */
    public final boolean isDurable() {
        return durable;
    }

    /** Whether it drives the transaction in place of the client. */
    public final boolean isSuperior() {
        return superior;
    }

    /** Where it stands. */
    public final EnlistmentState state() {
        return state;
    }

    /** Whether the transaction waits for an answer of it. */
    public final boolean owes() {
        return owes;
    }

    final boolean gets(Notification notification) {
        return mask.has(notification);
    }

    final void become(EnlistmentState next, boolean nowOwes) {
        state = next;
        owes = nowOwes;
    }

    final void excuse() {
        owes = false;
    }
}
