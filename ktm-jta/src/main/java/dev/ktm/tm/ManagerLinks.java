package dev.ktm.tm;

import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.NotificationMask;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The links between the transaction managers of one namespace, each made when it is needed. Safe for many threads. */
final class ManagerLinks {

    private final TransactionManagers kernel;
    private final Map<Ends, ManagerLink> links = new ConcurrentHashMap<>();

    /** Who decides, and who is told. */
    private record Ends(UUID root, UUID branch) {}

    ManagerLinks(TransactionManagers kernel) {
        this.kernel = kernel;
    }

    private ManagerLink link(UUID root, UUID branch) {
        return links.computeIfAbsent(new Ends(root, branch), ends -> new ManagerLink(kernel, root, branch));
    }

    /** Has a resource manager of another transaction manager take part in a transaction, by way of a branch. */
    CoreEnlistment enlist(
            CoreTransaction transaction,
            Coordinator home,
            CoreResourceManager participant,
            NotificationMask mask,
            @Nullable Object key)
            throws KtmException {
        var away = participant.coordinator;
        if (home.isVolatile() && !away.isVolatile()) {
            throw new KtmException(
                    KtmError.TM_VOLATILE,
                    "expected a transaction manager with a log to decide for " + away + ", found " + home);
        }
        return link(home.identity(), away.identity()).enlist(transaction, home, participant, mask, key);
    }

    /** A transaction manager is recovered: what it and others have to tell each other is told. */
    void online(Coordinator manager) throws KtmException {
        var identity = manager.identity();
        for (var transaction : kernel.live().all()) {
            if (transaction.coordinator() == manager) {
                for (var enlistment : transaction.enlistments()) {
                    var other = ManagerLink.otherEnd(enlistment);
                    if (other != null) {
                        var found = enlistment.isSuperior() ? link(other, identity) : link(identity, other);
                        found.attach(manager);
                    }
                }
            }
        }
        for (var each : links.entrySet()) {
            if (each.getKey().root().equals(identity) || each.getKey().branch().equals(identity)) {
                each.getValue().resolve();
            }
        }
    }
}
