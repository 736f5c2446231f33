package dev.ktm.glassfish;

import jakarta.ejb.Remove;
import jakarta.ejb.Stateful;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;

/** Manages transactions itself, and may leave one open from one call to the next. */
@Stateful
@TransactionManagement(TransactionManagementType.BEAN)
public class Conversation {

    /** Runs it in what the former call has left open, if it has. */
    public void run(Task task) throws Exception {
        task.run();
    }

    /** It is not needed any more. */
    @Remove
    public void end() {}
}
