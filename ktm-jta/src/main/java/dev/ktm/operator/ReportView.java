package dev.ktm.operator;

import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionId;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Something that was not as it should be.
 *
 * @param event the number of its kind, which stays the same in all versions; see the list of events
 * @param kind what it is
 * @param when when it was seen
 * @param id the identity of the transaction; empty if it is bound to no coordinator
 * @param unitOfWork the id that clients know the transaction by; zero if it concerns none
 * @param resourceManager who is concerned; empty if it is the coordinator itself
 * @param branch the branch, as the resource manager lists it; empty if there is none
 * @param code what was answered; empty if nothing was
 * @param cause why
 * @param nextStep what happens now, or what should be done
 * @param failure what was thrown; empty if nothing was
 */
public record ReportView(
        int event,
        OutcomeReport.Kind kind,
        Instant when,
        Optional<TransactionId> id,
        UUID unitOfWork,
        String resourceManager,
        String branch,
        String code,
        String cause,
        String nextStep,
        Optional<String> failure) {

    static ReportView of(OutcomeReport report) {
        return new ReportView(
                report.kind().event(),
                report.kind(),
                report.when(),
                report.transaction(),
                report.unitOfWork(),
                report.resourceManager(),
                report.branch(),
                report.code(),
                report.cause(),
                report.nextStep(),
                report.failure().map(Throwable::toString));
    }
}
