package dev.ktm.glassfish;

import com.sun.enterprise.transaction.spi.RecoveryResourceHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.transaction.xa.XAResource;
import org.jboss.tm.XAResourceRecovery;

/** What somebody else gives the server to recover, with the connections that he opens for it. Safe for many threads. */
final class ForeignFeed implements XAResourceRecovery {

    private static final System.Logger LOGGER = System.getLogger(ForeignFeed.class.getName());

    private static final long CLOSE_MILLIS = 5_000;

    private final RecoveryResourceHandler handler;
    /** Held while it is asked. */
    private final ReentrantLock asking = new ReentrantLock();
    /** What was opened last. Guarded by {@link #asking}. */
    private final List<Object> opened = new ArrayList<>();

    private volatile boolean closed;

    ForeignFeed(RecoveryResourceHandler handler) {
        this.handler = handler;
    }

    @Override
    public XAResource[] getXAResources() {
        asking.lock();
        try {
            closeOpened();
            if (closed) {
                return new XAResource[0];
            }
            var all = new ArrayList<XAResource>();
            load(all);
            if (closed) {
                // Whoever has closed it may have given up waiting.
                closeOpened();
                return new XAResource[0];
            }
            return all.stream().filter(Objects::nonNull).toArray(XAResource[]::new);
        } finally {
            asking.unlock();
        }
    }

    private void load(List<XAResource> all) {
        try {
            handler.loadXAResourcesAndItsConnections(all, opened);
        } catch (RuntimeException e) {
            throw new IllegalStateException(handler.getClass().getName() + " gives no resources to recover", e);
        }
    }

    private void closeOpened() {
        try {
            handler.closeConnections(opened);
        } catch (RuntimeException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "a connection of recovery could not be closed", e);
        } finally {
            opened.clear();
        }
    }

    /** Gives back what is open; waits some seconds while it is being asked, and not longer: it may hang. */
    void close() {
        close(CLOSE_MILLIS);
    }

    void close(long limitMillis) {
        closed = true;
        try {
            if (asking.tryLock(limitMillis, TimeUnit.MILLISECONDS)) {
                try {
                    closeOpened();
                } finally {
                    asking.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
