package dev.ktm.testing;

import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.ResourceManager;
import dev.ktm.testing.Ledger.Stage;
import dev.ktm.tm.TransactionHandle;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A durable resource manager as the book says: writes into its {@link Ledger} before it answers, and presumes after the last
 * RECOVER that what it was not told of is rolled back. Says before and after each thing it does that it does it.
 */
public final class LedgerResourceManager {

    private static final EnlistmentRight[] ALL = EnlistmentRight.ALL.toArray(new EnlistmentRight[0]);

    private final String name;
    private final ResourceManager resourceManager;
    private final Ledger ledger;
    private final Consumer<String> steps;
    private final Set<UUID> announced = new HashSet<>();
    private final List<Notification> heard = new ArrayList<>();
    private @Nullable Notification refused;

    /** One enlistment; the key. */
    private static final class Work {
        private @Nullable UUID enlistment;
    }

    /** Takes a resource manager over, whose disk this is. */
    public LedgerResourceManager(String name, ResourceManager resourceManager, Ledger ledger, Consumer<String> steps)
            throws KtmException {
        this.name = name;
        this.resourceManager = resourceManager;
        this.ledger = ledger;
        this.steps = steps;
        resourceManager.setHandler(this::hear);
    }

    /** Votes no when told this. */
    public void refuseAt(Notification notification) {
        refused = notification;
    }

    /** Takes part in a transaction. */
    public Enlistment enlist(TransactionHandle transaction, NotificationMask mask) throws KtmException {
        var work = new Work();
        var enlistment = transaction.enlist(resourceManager, mask, work);
        work.enlistment = enlistment.id();
        return enlistment;
    }

    /** Recovers. */
    public void recover() throws KtmException {
        resourceManager.recover();
    }

    /** The handle. */
    public ResourceManager handle() {
        return resourceManager;
    }

    /** What it was told, in order. */
    public List<Notification> heard() {
        return heard;
    }

    private Result hear(NotificationEvent event) throws KtmException {
        var notification = event.notification();
        heard.add(notification);
        steps.accept(name + " before " + notification);
        var result = act(event);
        steps.accept(name + " after " + notification);
        return result;
    }

    private Result act(NotificationEvent event) throws KtmException {
        if (event.notification() == refused) {
            resourceManager.openEnlistment(idOf(event), ALL).rollback();
            return Result.PENDING;
        }
        switch (event.notification()) {
            case PREPARE -> ledger.write(idOf(event), Stage.PREPARED);
            case COMMIT, SINGLE_PHASE_COMMIT -> ledger.write(idOf(event), Stage.COMMITTED);
            case ROLLBACK -> ledger.write(idOf(event), Stage.ROLLED_BACK);
            case RECOVER -> {
                var id = event.recovered().orElseThrow().enlistment();
                announced.add(id);
                var work = new Work();
                work.enlistment = id;
                resourceManager.openEnlistment(id, ALL).recover(work);
                return Result.PENDING;
            }
            case LAST_RECOVER -> presumeAbort();
            default -> {}
        }
        return Result.SUCCESS;
    }

    private static UUID idOf(NotificationEvent event) {
        return Objects.requireNonNull(((Work) Objects.requireNonNull(event.key())).enlistment);
    }

    private void presumeAbort() {
        ledger.stages().forEach((id, stage) -> {
            if (stage == Stage.PREPARED && !announced.contains(id)) {
                ledger.write(id, Stage.ROLLED_BACK);
            }
        });
    }
}
