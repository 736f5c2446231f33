package dev.ktm.jta;

import dev.ktm.rm.OutcomeReport;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What recovery tells people: about a branch, or about a resource manager. */
final class RecoveryReports {

    private static final UUID NO_UNIT = new UUID(0, 0);

    private final Consumer<OutcomeReport> reports;

    RecoveryReports(Consumer<OutcomeReport> reports) {
        this.reports = reports;
    }

    void report(OutcomeReport.Kind kind, Unfinished branch, String code, String cause, String nextStep) {
        report(kind, branch.resourceManager, branch.unitOfWork(), branch.xid, code, cause, nextStep, null);
    }

    /** About a branch of a transaction that nobody remembers, or about a resource manager if there is no xid. */
    void report(
            OutcomeReport.Kind kind,
            String resourceManager,
            @Nullable BranchXid xid,
            String code,
            String cause,
            String nextStep,
            @Nullable Throwable thrown) {
        report(kind, resourceManager, NO_UNIT, xid, code, cause, nextStep, thrown);
    }

    private void report(
            OutcomeReport.Kind kind,
            String resourceManager,
            UUID unitOfWork,
            @Nullable BranchXid xid,
            String code,
            String cause,
            String nextStep,
            @Nullable Throwable thrown) {
        reports.accept(new OutcomeReport(
                kind,
                Instant.now(),
                Optional.ofNullable(xid).map(BranchXid::transaction),
                unitOfWork,
                resourceManager,
                xid == null ? "" : xid.toString(),
                code,
                cause,
                nextStep,
                Optional.ofNullable(thrown)));
    }
}
