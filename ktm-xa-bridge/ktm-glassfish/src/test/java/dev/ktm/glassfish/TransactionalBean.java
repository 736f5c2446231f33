package dev.ktm.glassfish;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;

/** Runs tasks by the rules of {@code @Transactional}. */
@ApplicationScoped
public class TransactionalBean {

    /** A failure that is an application's own business. */
    public static class Checked extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /** A failure that is not. */
    public static class Unchecked extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** In the caller's, or a new one. */
    @Transactional(Transactional.TxType.REQUIRED)
    public void required(Task task) throws Exception {
        task.run();
    }

    /** In a new one. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void requiresNew(Task task) throws Exception {
        task.run();
    }

    /** In the caller's, which there must be. */
    @Transactional(Transactional.TxType.MANDATORY)
    public void mandatory(Task task) throws Exception {
        task.run();
    }

    /** In the caller's, if there is one. */
    @Transactional(Transactional.TxType.SUPPORTS)
    public void supports(Task task) throws Exception {
        task.run();
    }

    /** In none. */
    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    public void notSupported(Task task) throws Exception {
        task.run();
    }

    /** In none, and the caller must have none. */
    @Transactional(Transactional.TxType.NEVER)
    public void never(Task task) throws Exception {
        task.run();
    }

    /** Rolls back on failures that are an application's business, too. */
    @Transactional(rollbackOn = Checked.class)
    public void rollingBackOnChecked(Task task) throws Exception {
        task.run();
    }

    /** Does not roll back on failures that are not. */
    @Transactional(dontRollbackOn = Unchecked.class)
    public void committingOnUnchecked(Task task) throws Exception {
        task.run();
    }
}
