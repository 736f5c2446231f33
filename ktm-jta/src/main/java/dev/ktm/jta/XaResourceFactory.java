package dev.ktm.jta;

import javax.transaction.xa.XAResource;

/**
 * Gives the coordinator a resource of its own, to find and finish branches with. The connection must be a fresh one, of a user who
 * may see and finish the branches that the application prepares.
 */
@FunctionalInterface
public interface XaResourceFactory {

    /**
     * Opens a resource. Called on a thread of the coordinator, again and again; may take long.
     *
     * @throws Exception if it cannot; the coordinator tries again later
     */
    XAResource open() throws Exception;

    /** Gives a resource back that is not needed any more. */
    default void close(XAResource resource) throws Exception {}
}
