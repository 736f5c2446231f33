package dev.ktm.rm;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A handle of a resource manager. Closing the last one rolls back every transaction in which it is at work; what it has
 * prepared stays, and is announced again when it is opened and recovered. Safe for many threads.
 */
public interface ResourceManager extends AutoCloseable {

    /** Its id, by which recovery finds it again. */
    UUID id() throws KtmException;

    /** What people know it by; empty if nothing was said. */
    String description() throws KtmException;

    /** Whether nothing about it is logged. */
    boolean isVolatile() throws KtmException;

    /** The ids of its enlistments that have not ended. */
    List<UUID> enlistments() throws KtmException;

    /**
     * Takes part in a transaction.
     *
     * @param unitOfWork the id of the transaction
     * @param mask which notifications it gets
     * @param key what comes with every notification
     */
    Enlistment enlist(UUID unitOfWork, NotificationMask mask, @Nullable Object key) throws KtmException;

    /** As {@link #enlist}, and drives the transaction in place of the client. */
    Enlistment enlistSuperior(UUID unitOfWork, NotificationMask mask, @Nullable Object key) throws KtmException;

    /** Opens an enlistment of this resource manager that has not ended. */
    Enlistment openEnlistment(UUID enlistment, EnlistmentRight... rights) throws KtmException;

    /**
     * Waits for the next notification.
     *
     * @param timeout how long; zero looks only
     * @throws KtmException with {@link KtmError#TIMEOUT} if there is none
     */
    NotificationEvent getNotification(Duration timeout) throws KtmException, InterruptedException;

    /** Has this handler called from now on, also with what is queued already. Only once. */
    void setHandler(NotificationHandler handler) throws KtmException;

    /**
     * Announces every enlistment of an earlier life with {@link Notification#RECOVER}, or {@link Notification#RECOVER_QUERY} for
     * a superior, and then {@link Notification#LAST_RECOVER}.
     */
    void recover() throws KtmException;

    @Override
    void close();
}
