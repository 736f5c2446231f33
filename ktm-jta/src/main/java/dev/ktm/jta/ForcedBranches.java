package dev.ktm.jta;

import dev.ktm.rm.KtmException;
import dev.ktm.tm.ManagerHandle;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.transaction.xa.XAException;

/**
 * Imported branches that have ended because an operator decided in place of their superiors, without knowing: what these are told
 * when they come back, also after a restart. That is known from what is damaged, until it is forgotten.
 */
final class ForcedBranches {

    private final ManagerHandle manager;
    private final UUID superiors;

    /**
     * Of a transaction manager.
     *
     * @param superiors the id of the resource manager that stands for all superiors
     */
    ForcedBranches(ManagerHandle manager, UUID superiors) {
        this.manager = manager;
        this.superiors = superiors;
    }

    /** A branch that was decided, and its transaction. */
    private record Forced(ForeignXid xid, ManagerHandle.Damaged transaction) {}

    private List<Forced> all() throws XAException {
        try {
            return manager.damaged().stream()
                    .flatMap(damaged -> damaged.damage().stream()
                            .filter(each -> each.resourceManager().equals(superiors.toString()))
                            .flatMap(each -> ForeignXid.startOf(each.note()).stream())
                            .map(xid -> new Forced(xid, damaged)))
                    .toList();
        } catch (KtmException e) {
            throw failed(e);
        }
    }

    private Optional<Forced> find(ForeignXid xid) throws XAException {
        return all().stream().filter(each -> each.xid().equals(xid)).findAny();
    }

    /** All of them: their superiors list what they have to forget. */
    List<ForeignXid> xids() throws XAException {
        return all().stream().map(Forced::xid).toList();
    }

    /**
     * A superior says what it has decided.
     *
     * @return whether there is such a branch, and it was decided so
     * @throws XAException if it was decided otherwise, which is reported and remembered
     */
    boolean decided(ForeignXid xid, boolean commit) throws XAException {
        var found = find(xid);
        if (found.isEmpty()) {
            return false;
        }
        var transaction = found.get().transaction();
        if (transaction.committed() != commit) {
            try {
                manager.superiorDecided(transaction.unitOfWork(), commit);
            } catch (KtmException e) {
                throw failed(e);
            }
            var failure = new XAException("imported branch " + xid + ": an operator had decided to "
                    + (commit ? "roll back" : "commit") + " in place of its superior");
            failure.errorCode = commit ? XAException.XA_HEURRB : XAException.XA_HEURCOM;
            throw failure;
        }
        return true;
    }

    /** A superior has noted what became of it. Returns whether there is such a branch. */
    boolean forget(ForeignXid xid) throws XAException {
        var found = find(xid);
        if (found.isEmpty()) {
            return false;
        }
        try {
            manager.forget(found.get().transaction().transaction(), "superior", "it has said forget of branch " + xid);
        } catch (KtmException e) {
            throw failed(e);
        }
        return true;
    }

    private static XAException failed(KtmException e) {
        var failure = new XAException(e.getMessage());
        failure.errorCode = XAException.XAER_RMFAIL;
        failure.initCause(e);
        return failure;
    }
}
