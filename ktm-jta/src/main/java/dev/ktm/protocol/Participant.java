package dev.ktm.protocol;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** One enlistment as the protocol sees it. Not thread-safe: guarded as its {@link TransactionProtocol} is. */
public class Participant {

    private static final int STATE_BITS = 5;
    private static final int STATES_PER_LONG = 12;
    private static final int STATES_KEPT = 20;
    private static final int FIRST_CODE = 255;

    private final NotificationMask mask;
    private final boolean durable;
    private final Role role;
    private EnlistmentState state = EnlistmentState.ACTIVE;
    /** The states before this one, {@link #STATE_BITS} each, the latest lowest; what leaves the first goes to the second. */
    private long recent;

    private long earlier;
    /** Whether it has been asked in this phase and has not answered. */
    private boolean owes;

    /**
     * A participant.
     *
     * @param durable whether it must learn the outcome also after a crash
     * @param role when it is told, and whether it decides
     */
    public Participant(NotificationMask mask, boolean durable, Role role) {
        this.mask = mask;
        this.durable = durable;
        this.role = role;
    }

    /** Which notifications it gets. */
    public final NotificationMask mask() {
        return mask;
    }

    /** Whether it must learn the outcome also after a crash. */
    public final boolean isDurable() {
        return durable;
    }

    /** When it is told, and whether it decides. */
    public final Role role() {
        return role;
    }

    /** Whether it drives the transaction in place of the client. */
    public final boolean isSuperior() {
        return role == Role.SUPERIOR;
    }

    /** Where it stands. */
    public final EnlistmentState state() {
        return state;
    }

    /** Whether the transaction waits for an answer of it. */
    public final boolean owes() {
        return owes;
    }

    /** Where it has stood, oldest first, this state last; at most 20. */
    public final List<EnlistmentState> history() {
        var all = new ArrayList<EnlistmentState>();
        all.add(state);
        for (int i = 0; i < STATES_KEPT - 1; i++) {
            long packed = i < STATES_PER_LONG ? recent : earlier;
            int code = (int) (packed >>> (STATE_BITS * (i % STATES_PER_LONG))) & ((1 << STATE_BITS) - 1);
            if (code != 0) {
                all.add(EnlistmentState.of(code + FIRST_CODE));
            }
        }
        Collections.reverse(all);
        return all;
    }

    final boolean gets(Notification notification) {
        return mask.has(notification);
    }

    final void become(EnlistmentState next, boolean nowOwes) {
        if (next != state) {
            int shift = STATE_BITS * (STATES_PER_LONG - 1);
            earlier = (earlier << STATE_BITS) | (recent >>> shift);
            recent = ((recent & ((1L << shift) - 1)) << STATE_BITS) | (state.code() - FIRST_CODE);
            state = next;
        }
        owes = nowOwes;
    }

    final void excuse() {
        owes = false;
    }
}
