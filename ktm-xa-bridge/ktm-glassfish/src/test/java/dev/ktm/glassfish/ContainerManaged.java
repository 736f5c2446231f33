package dev.ktm.glassfish;

import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;

/** Runs tasks in the container's transactions. */
@Stateless
public class ContainerManaged {

    /** In the caller's, or a new one. */
    @TransactionAttribute(TransactionAttributeType.REQUIRED)
    public void required(Task task) throws Exception {
        task.run();
    }

    /** In a new one. */
    @TransactionAttribute(TransactionAttributeType.REQUIRES_NEW)
    public void requiresNew(Task task) throws Exception {
        task.run();
    }

    /** In the caller's, which there must be. */
    @TransactionAttribute(TransactionAttributeType.MANDATORY)
    public void mandatory(Task task) throws Exception {
        task.run();
    }

    /** In the caller's, if there is one. */
    @TransactionAttribute(TransactionAttributeType.SUPPORTS)
    public void supports(Task task) throws Exception {
        task.run();
    }

    /** In none. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void notSupported(Task task) throws Exception {
        task.run();
    }

    /** In none, and the caller must have none. */
    @TransactionAttribute(TransactionAttributeType.NEVER)
    public void never(Task task) throws Exception {
        task.run();
    }
}
