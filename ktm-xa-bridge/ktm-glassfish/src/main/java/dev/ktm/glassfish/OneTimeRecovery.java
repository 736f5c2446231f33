package dev.ktm.glassfish;

import dev.ktm.Ktm;
import javax.transaction.xa.XAResource;
import org.jboss.tm.XAResourceRecovery;

/** Finishes what resources hold that somebody has opened and will close. */
final class OneTimeRecovery {

    /** Asks these now, and never again. */
    void run(Ktm ktm, XAResource[] resources) {
        XAResourceRecovery once = resources::clone;
        var registry = ktm.recoveryRegistry();
        registry.addXAResourceRecovery(once);
        try {
            ktm.recoverNow();
        } finally {
            registry.removeXAResourceRecovery(once);
        }
    }
}
