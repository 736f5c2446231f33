package dev.ktm.glassfish;

import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;

/** Runs tasks that manage transactions themselves. */
@Stateless
@TransactionManagement(TransactionManagementType.BEAN)
public class BeanManaged {

    /** Runs it without a transaction, unless it begins one. */
    public void run(Task task) throws Exception {
        task.run();
    }
}
