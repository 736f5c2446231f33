package dev.ktm.protocol;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.Notification;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who takes part in a transaction, in the order in which they are told. Guarded as its {@link TransactionProtocol} is. */
final class Participants {

    private static final Participant[] NOBODY = {};

    /** Never changed in place: whoever goes through it does not see who comes meanwhile. */
    private Participant[] all = NOBODY;

    /** Who drives the transaction in place of the client. */
    @Nullable
    Participant superior;

    /** Who cannot prepare, and decides for all when everybody else is prepared. */
    @Nullable
    Participant last;

    /** All of them, the superior among them; not to be changed. */
    Participant[] all() {
        return all;
    }

    List<Participant> list() {
        return List.of(all);
    }

    /** Behind all others, or, if its role says so, before all that are not first. */
    void add(Participant participant) {
        int place = all.length;
        if (participant.role() == Role.FIRST) {
            place = 0;
            while (place < all.length && all[place].role() == Role.FIRST) {
                place++;
            }
        }
        var more = new Participant[all.length + 1];
        System.arraycopy(all, 0, more, 0, place);
        more[place] = participant;
        System.arraycopy(all, place, more, place + 1, all.length - place);
        all = more;
    }

    /** Whether it has anything to commit, and does not drive the transaction. */
    boolean isSubordinateIn(Participant participant) {
        return participant != superior && participant.state() != EnlistmentState.READ_ONLY;
    }

    /** Whether the one that cannot prepare has anything to commit. */
    boolean isLastIn() {
        var decider = last;
        return decider != null && isSubordinateIn(decider);
    }

    /** Whether no subordinate has anything to commit. */
    boolean areReadOnly() {
        for (var participant : all) {
            if (isSubordinateIn(participant)) {
                return false;
            }
        }
        return true;
    }

    /** Whether nobody else has anything to commit. */
    boolean isAlone(Participant participant) {
        for (var other : all) {
            if (other != participant && isSubordinateIn(other)) {
                return false;
            }
        }
        return true;
    }

    /** The only one that is in it, the superior counted; null if they are several, or none. */
    @Nullable
    Participant only() {
        Participant only = null;
        for (var participant : all) {
            if (participant.state() != EnlistmentState.READ_ONLY) {
                if (only != null) {
                    return null;
                }
                only = participant;
            }
        }
        return only;
    }

    /** Whether everybody else is prepared, and waits for this one's decision. */
    boolean decidesForOthers(Participant participant) {
        return participant == last && participant.state() == EnlistmentState.DELEGATED && !isAlone(participant);
    }

    /** Whether somebody who is still in it must learn the outcome also after a crash. Who decides has nobody to tell. */
    boolean needLog() {
        for (var participant : all) {
            if (participant != last
                    && participant.isDurable()
                    && isSubordinateIn(participant)
                    && participant.gets(Notification.COMMIT)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the transaction waits for an answer of somebody. */
    boolean oweAnswers() {
        for (var participant : all) {
            if (participant.owes()) {
                return true;
            }
        }
        return false;
    }

    /** Whether nobody has to be told anything more. */
    boolean areFinished() {
        for (var participant : all) {
            if (!isFinished(participant)) {
                return false;
            }
        }
        return true;
    }

    private boolean isFinished(Participant participant) {
        return participant == superior
                ? participant.state() != EnlistmentState.ABORTING
                : switch (participant.state()) {
                    case COMMITTED, ABORTED, READ_ONLY, OUTCOME_UNAVAILABLE -> true;
                    case ACTIVE,
                            PRE_PREPARING,
                            PRE_PREPARED,
                            PREPARING,
                            PREPARED,
                            IN_DOUBT,
                            DELEGATED,
                            COMMITTED_NOTIFY,
                            ABORTING,
                            RECOVERING -> false;
                };
    }
}
