package dev.ktm.simulation;

import dev.ktm.rm.TransactionId;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/** A participant: what it is, and what of it survives a crash of the coordinator. */
final class Part {

    /** What it has made durable. */
    enum Durable {
        /** Nothing: what it did is lost with its connection. */
        NOTHING,
        PREPARED,
        COMMITTED,
        ROLLED_BACK
    }

    final Kind kind;
    final Behaviour behaviour;
    Durable durable = Durable.NOTHING;
    /** Whether it is known to be prepared to somebody else than itself. */
    boolean voted;

    boolean readOnly;
    /** Whether an administrator has decided, and it has not been told to forget that. */
    boolean heuristic;
    /** Whether an administrator has decided otherwise than the coordinator. */
    boolean byHand;

    boolean faultUsed;

    @Nullable
    Xid xid;

    /** Of a last resource: the transaction that something is noted about, and whether it is committed. */
    @Nullable
    TransactionId noted;

    boolean notedCommitted;
    /** Whether its commit is under way although nobody waits for it any more. */
    boolean underWay;
    /** Whether an operator has begun to decide in its place. */
    boolean overruled;
    /** What the operator has decided then: nothing if that was refused. */
    Durable overruledTo = Durable.NOTHING;

    Part(Kind kind, Behaviour behaviour) {
        this.kind = kind;
        this.behaviour = behaviour;
    }

    Part copy() {
        var copy = new Part(kind, behaviour);
        copy.durable = durable;
        copy.voted = voted;
        copy.readOnly = readOnly;
        copy.heuristic = heuristic;
        copy.byHand = byHand;
        copy.faultUsed = faultUsed;
        copy.xid = xid;
        copy.noted = noted;
        copy.notedCommitted = notedCommitted;
        copy.underWay = underWay;
        copy.overruled = overruled;
        copy.overruledTo = overruledTo;
        return copy;
    }

    /** Whether this fault strikes now. */
    boolean strikes(Behaviour fault) {
        if (behaviour == fault && !faultUsed) {
            faultUsed = true;
            return true;
        }
        return false;
    }

    /** Whether an operator is going to decide in its place, in the life in which it began or in a later one. */
    boolean isToBeOverruled(boolean later) {
        return switch (behaviour) {
            case OVERRULED_BY_A_COMMIT, OVERRULED_BY_A_ROLLBACK -> true;
            case LOST_AFTER_A_COMMIT, LOST_AFTER_A_REFUSAL -> later;
            default -> false;
        };
    }

    /** Its outcome matters. */
    boolean counts() {
        return !readOnly && !byHand;
    }

    @Override
    public String toString() {
        return kind + " " + behaviour + ": " + durable + (heuristic ? " (by hand)" : "");
    }
}
