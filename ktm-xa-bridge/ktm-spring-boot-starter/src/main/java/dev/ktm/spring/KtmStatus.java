package dev.ktm.spring;

import dev.ktm.Ktm;
import dev.ktm.log.LogException;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * How the coordinator is at a moment.
 *
 * @param online whether it takes requests
 * @param transactions those that have not ended
 * @param damaged transactions some of whose participants did otherwise than was decided
 * @param log where its log is
 * @param logUsed share of the log that is in use; 0 if there is none
 */
record KtmStatus(boolean online, List<KtmTransaction> transactions, int damaged, String log, double logUsed) {

    private static final Set<TransactionState> WAITING = EnumSet.of(
            TransactionState.PREPARED,
            TransactionState.IN_DOUBT,
            TransactionState.DELEGATED,
            TransactionState.COMMITTED,
            TransactionState.ABORTED);

    static KtmStatus of(Ktm ktm) {
        var manager = ktm.manager();
        try {
            var log = manager.log();
            return new KtmStatus(
                    manager.isOnline(),
                    manager.live(),
                    manager.damaged().size(),
                    manager.logPath().orElse("none"),
                    log.isEmpty() ? 0 : 1 - log.get().stats().freeShare());
        } catch (KtmException | LogException | RuntimeException e) {
            System.getLogger(KtmStatus.class.getName())
                    .log(System.Logger.Level.DEBUG, "the coordinator cannot be asked", e);
            return new KtmStatus(false, List.of(), 0, "unknown", 0);
        }
    }

    int live() {
        return transactions.size();
    }

    /** How many wait for a resource manager or a superior. */
    long unfinished() {
        return transactions.stream().filter(KtmStatus::isUnfinished).count();
    }

    static boolean isUnfinished(KtmTransaction transaction) {
        return WAITING.contains(transaction.state());
    }
}
