package dev.ktm.jta;

import dev.ktm.rm.KtmException;
import dev.ktm.tm.ManagerHandle;
import java.time.Duration;

/** The Jakarta faces without any thread of their own. */
public final class ManualCoordinator {

    private ManualCoordinator() {}

    /** Over this transaction manager; branches are asked for when {@link JtaCoordinator#recoverNow} is called. */
    public static JtaCoordinator over(ManagerHandle manager) throws KtmException {
        return new JtaCoordinator(
                manager,
                new JtaCoordinator.Options(
                        Duration.ofSeconds(60), Duration.ofSeconds(10), false, Duration.ZERO, report -> {}));
    }
}
