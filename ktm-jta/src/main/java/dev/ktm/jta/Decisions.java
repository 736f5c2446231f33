package dev.ktm.jta;

import dev.ktm.rm.TransactionId;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jboss.tm.ConnectableResource;

/**
 * What a last resource has decided, kept beside its data: noted in the very local transaction that it commits, so that the note is
 * there if and only if the data is.
 */
interface Decisions {

    /**
     * Notes, in the local transaction that the resource is about to commit, that this transaction is committed.
     *
     * @throws Exception if it cannot be noted; the local transaction must be rolled back then
     */
    void note(ConnectableResource resource, TransactionId transaction) throws Exception;

    /**
     * Whether the transaction is committed. If it was not, it never will be: that is noted, too, so that a commit which is still on
     * its way fails.
     *
     * @throws Exception if it cannot be found out now
     */
    boolean isCommitted(TransactionId transaction) throws Exception;

    /** The transactions of this transaction manager that anything is noted about. */
    List<TransactionId> noted(UUID manager) throws Exception;

    /** Takes away what is noted about transactions that nobody will ask for again. */
    void forget(Collection<TransactionId> transactions) throws Exception;
}
