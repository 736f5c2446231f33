package dev.ktm.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.ResourceManager;
import dev.ktm.tm.TransactionHandle;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A resource manager that writes down what it is told and answers at once, unless it was told what to do instead. Safe for
 * many threads.
 */
public final class ScriptedResourceManager implements AutoCloseable {

    /** What every phase needs. */
    public static final NotificationMask PHASES = NotificationMask.of(
            Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK);

    /** As {@link #PHASES}, and can decide alone. */
    public static final NotificationMask ALONE = plus(PHASES, Notification.SINGLE_PHASE_COMMIT);

    /** What a superior needs to drive everything. */
    public static final NotificationMask SUPERIOR = NotificationMask.of(
            Notification.COMMIT,
            Notification.ROLLBACK,
            Notification.PREPREPARE_COMPLETE,
            Notification.PREPARE_COMPLETE,
            Notification.COMMIT_COMPLETE,
            Notification.ROLLBACK_COMPLETE,
            Notification.RECOVER_QUERY,
            Notification.REQUEST_OUTCOME);

    private final String name;
    private final ResourceManager resourceManager;
    private final List<String> trail;
    private final List<NotificationEvent> events = new CopyOnWriteArrayList<>();
    private final Map<Notification, NotificationHandler> answers = new EnumMap<>(Notification.class);

    /**
     * Takes a resource manager over.
     *
     * @param name how it signs in the trail
     * @param trail where it writes down what it is told, with others
     */
    public ScriptedResourceManager(String name, ResourceManager resourceManager, List<String> trail)
            throws KtmException {
        this.name = name;
        this.resourceManager = resourceManager;
        this.trail = trail;
        resourceManager.setHandler(this::hear);
    }

    /** A mask with one more notification. */
    public static NotificationMask plus(NotificationMask mask, Notification... more) {
        int bits = mask.bits();
        for (var notification : more) {
            bits |= notification.bit();
        }
        return new NotificationMask(bits);
    }

    /** One enlistment, and what it has been told; itself the key. */
    public static final class Part {
        private final List<NotificationEvent> events = new CopyOnWriteArrayList<>();
        private volatile @Nullable Enlistment enlistment;

        /** Its handle. */
        public Enlistment enlistment() {
            return Objects.requireNonNull(enlistment);
        }

        /** What it has been told, in order. */
        public List<Notification> heard() {
            return events.stream().map(NotificationEvent::notification).toList();
        }

        /** The events that it has been told, in order. */
        public List<NotificationEvent> events() {
            return events;
        }

        /** Fails unless it has been told just this. */
        public void assertHeard(Notification... expected) {
            assertThat(heard()).containsExactly(expected);
        }
    }

    private synchronized NotificationHandler answerTo(Notification notification) {
        return answers.getOrDefault(notification, event -> Result.SUCCESS);
    }

    private Result hear(NotificationEvent event) throws Exception {
        events.add(event);
        trail.add(name + " " + event.notification());
        if (event.key() instanceof Part part) {
            part.events.add(event);
        }
        return answerTo(event.notification()).handle(event);
    }

    /** From now on, does this when told one of these. */
    public synchronized ScriptedResourceManager when(NotificationHandler answer, Notification... notifications) {
        Arrays.stream(notifications).forEach(each -> answers.put(each, answer));
        return this;
    }

    /** From now on, leaves the answers to these to the test. */
    public ScriptedResourceManager byHand(Notification... notifications) {
        return when(event -> Result.PENDING, notifications);
    }

    /** From now on, answers these with read-only. */
    public ScriptedResourceManager readOnlyAt(Notification... notifications) {
        return when(
                event -> {
                    partOf(event).enlistment().readOnly();
                    return Result.PENDING;
                },
                notifications);
    }

    /** From now on, answers these by rolling back. */
    public ScriptedResourceManager rollbackAt(Notification... notifications) {
        return when(
                event -> {
                    partOf(event).enlistment().rollback();
                    return Result.PENDING;
                },
                notifications);
    }

    private static Part partOf(NotificationEvent event) {
        return (Part) Objects.requireNonNull(event.key());
    }

    /** Takes part in a transaction. */
    public Part enlist(TransactionHandle transaction, NotificationMask mask) throws KtmException {
        var part = new Part();
        part.enlistment = transaction.enlist(resourceManager, mask, part);
        return part;
    }

    /** Drives a transaction. */
    public Part enlistSuperior(TransactionHandle transaction, NotificationMask mask) throws KtmException {
        var part = new Part();
        part.enlistment = transaction.enlistSuperior(resourceManager, mask, part);
        return part;
    }

    /** Opens an enlistment that was announced and recovers it. */
    public Part recover(UUID enlistment) throws KtmException {
        var part = new Part();
        part.enlistment =
                resourceManager.openEnlistment(enlistment, EnlistmentRight.ALL.toArray(new EnlistmentRight[0]));
        part.enlistment().recover(part);
        return part;
    }

    /** The handle. */
    public ResourceManager handle() {
        return resourceManager;
    }

    /** Everything that it has been told, in order. */
    public List<NotificationEvent> events() {
        return events;
    }

    /** Everything that it has been told, in order. */
    public List<Notification> heard() {
        return events.stream().map(NotificationEvent::notification).toList();
    }

    @Override
    public void close() {
        resourceManager.close();
    }
}
