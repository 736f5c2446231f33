package dev.ktm.tm;

import dev.ktm.protocol.Role;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.NotificationMask;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether a resource manager may take part in a transaction, and where: a transaction is at home in one transaction manager,
 * and has a branch in every other whose resource managers take part.
 */
final class Enlisting {

    private Enlisting() {}

    static CoreEnlistment enlist(
            CoreTransaction transaction,
            CoreResourceManager resourceManager,
            NotificationMask mask,
            @Nullable Object key,
            Role role)
            throws KtmException {
        var manager = resourceManager.coordinator;
        manager.requireOnline();
        boolean decides = role == Role.SUPERIOR || role == Role.LAST;
        if (decides && resourceManager.isVolatile && !manager.isVolatile()) {
            throw new KtmException(
                    KtmError.TM_VOLATILE,
                    "expected a durable resource manager to decide, found " + resourceManager.label());
        }
        if (resourceManager.communication && transaction.mustNotBePromoted()) {
            throw new KtmException(
                    KtmError.TRANSACTION_REQUIRED_PROMOTION,
                    "expected a resource manager of this host, found " + resourceManager.label()
                            + ", and the transaction must not be promoted");
        }
        var home = transaction.coordinator();
        if (home != null && home != manager) {
            return enlistInBranch(transaction, home, resourceManager, mask, key, role);
        }
        if (decides && isBranch(transaction)) {
            throw notRoot(transaction, "the transaction that this is a branch of");
        }
        var enlistment = transaction.enter(resourceManager, mask, key, role, entered -> {});
        if (enlistment == null) {
            home = Objects.requireNonNull(transaction.coordinator());
            return enlistInBranch(transaction, home, resourceManager, mask, key, role);
        }
        transaction.drain();
        return enlistment;
    }

    private static CoreEnlistment enlistInBranch(
            CoreTransaction transaction,
            Coordinator home,
            CoreResourceManager resourceManager,
            NotificationMask mask,
            @Nullable Object key,
            Role role)
            throws KtmException {
        if (role == Role.SUPERIOR || role == Role.LAST) {
            throw notRoot(transaction, "a resource manager of " + home + ", where the root of the transaction is");
        }
        mask.check();
        return transaction.kernel.links().enlist(transaction, home, resourceManager, mask, key);
    }

    private static KtmException notRoot(CoreTransaction transaction, String expected) {
        return new KtmException(
                KtmError.TRANSACTION_NOT_ROOT,
                "expected " + expected + ", found another for " + transaction.unitOfWork());
    }

    private static boolean isBranch(CoreTransaction transaction) {
        return transaction
                .superior()
                .filter(driver -> ManagerLink.otherEnd(driver) != null)
                .isPresent();
    }
}
