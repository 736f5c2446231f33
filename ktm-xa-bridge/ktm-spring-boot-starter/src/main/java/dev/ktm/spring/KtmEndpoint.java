package dev.ktm.spring;

import dev.ktm.Ktm;
import dev.ktm.rm.TransactionId;
import dev.ktm.tm.KtmTransaction;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/** The actuator's endpoint {@code ktm}: what the coordinator is doing. It changes nothing. */
@Endpoint(id = "ktm")
final class KtmEndpoint {

    private final Ktm ktm;

    KtmEndpoint(Ktm ktm) {
        this.ktm = ktm;
    }

    /** The answer. */
    record Report(
            boolean online,
            String log,
            double logUsed,
            List<String> resourceManagers,
            int damaged,
            List<Line> transactions) {}

    /** A transaction. */
    record Line(
            @Nullable String id,
            String unitOfWork,
            String description,
            String state,
            String outcome,
            boolean unfinished,
            @Nullable String timeLeft,
            @Nullable String rollbackCause) {

        private static Line of(KtmTransaction transaction) {
            return new Line(
                    transaction.id().map(TransactionId::toString).orElse(null),
                    transaction.unitOfWork().toString(),
                    transaction.description(),
                    transaction.state().name(),
                    transaction.outcome().name(),
                    KtmStatus.isUnfinished(transaction),
                    transaction.timeLeft().map(Duration::toString).orElse(null),
                    transaction.rollbackCause().orElse(null));
        }
    }

    /** What there is now. */
    @ReadOperation
    Report report() {
        var status = KtmStatus.of(ktm);
        return new Report(
                status.online(),
                status.log(),
                status.logUsed(),
                ktm.resourceManagers(),
                status.damaged(),
                status.transactions().stream().map(Line::of).toList());
    }
}
