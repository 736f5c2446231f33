package dev.ktm.glassfish;

import dev.ktm.Ktm;
import jakarta.resource.spi.work.Work;
import jakarta.resource.spi.work.WorkCompletedException;
import jakarta.resource.spi.work.WorkException;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.Xid;
import org.jboss.tm.JBossXATerminator;
import org.jspecify.annotations.Nullable;

/**
 * Work of resource adapters in transactions of others. The server says when a thread takes such a transaction up and when it leaves
 * it, and not what the thread works on: something stands for that, so that one transaction is worked on by one thread at a time, as
 * Jakarta Connectors wants it. Safe for many threads.
 */
final class Inflow {

    /** What the work of this thread is known as, here and not in another server. */
    @SuppressWarnings("ThreadLocalUsage")
    private final ThreadLocal<@Nullable Stand> working = new ThreadLocal<>();

    /** Stands for work that the coordinator does not see. */
    private static final class Stand implements Work {
        @Override
        public void run() {}

        @Override
        public void release() {}
    }

    /** Has the thread work in the transaction of this xid, which is imported if it is new. */
    void enter(Ktm ktm, Xid xid, long timeoutSeconds) throws WorkException {
        var work = new Stand();
        var terminator = terminatorOf(ktm);
        terminator.registerWork(work, xid, TimeUnit.SECONDS.toMillis(Math.max(0, timeoutSeconds)));
        try {
            terminator.startWork(work, xid);
        } catch (WorkCompletedException e) {
            terminator.cancelWork(work, xid);
            throw e;
        } catch (RuntimeException e) {
            // Nothing was done in it: others may work there.
            terminator.endWork(work, xid);
            var failure = new WorkCompletedException(e.getMessage(), WorkException.TX_RECREATE_FAILED);
            failure.initCause(e);
            throw failure;
        }
        working.set(work);
    }

    /** Has the thread leave it. */
    void leave(Ktm ktm, Xid xid) {
        var work = working.get();
        if (work != null) {
            working.remove();
            terminatorOf(ktm).endWork(work, xid);
        }
    }

    private static JBossXATerminator terminatorOf(Ktm ktm) {
        return (JBossXATerminator) ktm.xaTerminator();
    }
}
