package dev.ktm.tm;

import dev.ktm.protocol.Role;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.ResourceManagerRight;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The only kind of {@link ResourceManager}. */
final class ResourceManagerHandle implements ResourceManager {

    private final TransactionManagers kernel;
    private final CoreResourceManager resourceManager;
    private final Set<ResourceManagerRight> rights;
    private final AtomicBoolean closed = new AtomicBoolean();

    ResourceManagerHandle(
            TransactionManagers kernel, CoreResourceManager resourceManager, Set<ResourceManagerRight> rights) {
        this.kernel = kernel;
        this.resourceManager = resourceManager;
        this.rights = rights;
    }

    CoreResourceManager require(ResourceManagerRight right) throws KtmException {
        if (closed.get()) {
            throw new KtmException(
                    KtmError.TRANSACTION_OBJECT_EXPIRED, "expected an open resource manager, found a closed handle");
        }
        TransactionManagers.Rights.require(rights, right, "the resource manager");
        resourceManager.coordinator.requireOpen();
        return resourceManager;
    }

    @Override
    public UUID id() throws KtmException {
        return require(ResourceManagerRight.QUERY_INFORMATION).id;
    }

    @Override
    public String description() throws KtmException {
        return require(ResourceManagerRight.QUERY_INFORMATION).description;
    }

    @Override
    public boolean isVolatile() throws KtmException {
        return require(ResourceManagerRight.QUERY_INFORMATION).isVolatile;
    }

    @Override
    public List<UUID> enlistments() throws KtmException {
        var core = require(ResourceManagerRight.QUERY_INFORMATION);
        return core.coordinator.enlistmentsOf(core).stream()
                .map(CoreEnlistment::id)
                .toList();
    }

    @Override
    public Enlistment enlist(UUID unitOfWork, NotificationMask mask, @Nullable Object key) throws KtmException {
        return enlist(unitOfWork, mask, key, Role.ANY);
    }

    @Override
    public Enlistment enlistSuperior(UUID unitOfWork, NotificationMask mask, @Nullable Object key) throws KtmException {
        return enlist(unitOfWork, mask, key, Role.SUPERIOR);
    }

    private Enlistment enlist(UUID unitOfWork, NotificationMask mask, @Nullable Object key, Role role)
            throws KtmException {
        var core = require(ResourceManagerRight.ENLIST);
        core.coordinator.requireOnline();
        var transaction = kernel.require(unitOfWork, null);
        return new EnlistmentHandle(Enlisting.enlist(transaction, core, mask, key, role), EnlistmentRight.ALL);
    }

    @Override
    public Enlistment openEnlistment(UUID enlistment, EnlistmentRight... wanted) throws KtmException {
        var core = require(ResourceManagerRight.QUERY_INFORMATION);
        var granted = TransactionManagers.Rights.of(EnlistmentRight.class, wanted);
        var found = core.announced(enlistment);
        if (found == null) {
            found = core.coordinator.enlistmentsOf(core).stream()
                    .filter(each -> each.id().equals(enlistment))
                    .findAny()
                    .orElseThrow(() -> new KtmException(
                            KtmError.ENLISTMENT_NOT_FOUND,
                            "expected an enlistment of resource manager " + core.label() + ", found none with id "
                                    + enlistment));
        }
        found.opened();
        return new EnlistmentHandle(found, granted);
    }

    @Override
    public NotificationEvent getNotification(Duration timeout) throws KtmException, InterruptedException {
        return require(ResourceManagerRight.GET_NOTIFICATION).next(timeout);
    }

    @Override
    public void setHandler(NotificationHandler handler) throws KtmException {
        require(ResourceManagerRight.GET_NOTIFICATION).setHandler(handler);
    }

    @Override
    public void recover() throws KtmException {
        var core = require(ResourceManagerRight.RECOVER);
        core.coordinator.recover(core);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            resourceManager.handleClosed();
        }
    }
}
