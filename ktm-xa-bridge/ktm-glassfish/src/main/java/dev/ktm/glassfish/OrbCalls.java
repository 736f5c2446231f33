package dev.ktm.glassfish;

import com.sun.jts.CosTransactions.CurrentTransaction;
import com.sun.jts.pi.InterceptorImpl;
import java.util.EmptyStackException;

/** What the server's ORB knows of the call that a thread serves. */
final class OrbCalls {

    private OrbCalls() {}

    /** Whether the call comes from a transaction of another server, which nothing here can be part of. */
    static boolean isInForeignTransaction() {
        try {
            return CurrentTransaction.getCurrent() != null || InterceptorImpl.isTxCtxtNull();
        } catch (EmptyStackException e) {
            // The thread serves no such call.
            return false;
        } catch (LinkageError e) {
            // A server without an ORB.
            return false;
        }
    }
}
