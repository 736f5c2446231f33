package dev.ktm.observability;

import dev.ktm.tm.BranchCall;
import dev.ktm.tm.BranchObservation;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.TransactionObservation;
import dev.ktm.tm.TransactionObserver;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Keeps the unit of work of the transaction in the MDC of SLF4J: on every thread that a transaction is associated with, until it is
 * suspended or ended there, and on the coordinator's own threads while they call a participant for it. Lines that are logged meanwhile
 * have it, if the pattern says so: {@code %X{ktm.transaction}}.
 *
 * <p>The key is this class's own: what somebody else has put there is lost when the transaction leaves the thread.
 */
public final class KtmMdc implements TransactionObserver {

    /** The key, unless another is said. */
    public static final String KEY = "ktm.transaction";

    private final String key;

    /** With {@link #KEY}. */
    public KtmMdc() {
        this(KEY);
    }

    /** With another key. */
    public KtmMdc(String key) {
        this.key = key;
    }

    @Override
    public TransactionObservation begun(KtmTransaction transaction) {
        var unitOfWork = transaction.unitOfWork().toString();
        return new TransactionObservation() {
            @Override
            public void associated() {
                MDC.put(key, unitOfWork);
            }

            @Override
            public void dissociated() {
                MDC.remove(key);
            }

            @Override
            public @Nullable BranchObservation called(BranchCall call) {
                var former = MDC.get(key);
                if (unitOfWork.equals(former)) {
                    return null;
                }
                MDC.put(key, unitOfWork);
                return new BranchObservation() {
                    @Override
                    public void returned() {
                        restore(former);
                    }
                };
            }
        };
    }

    private void restore(@Nullable String former) {
        if (former == null) {
            MDC.remove(key);
        } else {
            MDC.put(key, former);
        }
    }
}
