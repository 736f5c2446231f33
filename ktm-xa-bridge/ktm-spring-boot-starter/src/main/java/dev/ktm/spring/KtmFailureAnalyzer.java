package dev.ktm.spring;

import dev.ktm.KtmOpenException;
import dev.ktm.rm.KtmError;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which property to change if the coordinator cannot be opened. */
final class KtmFailureAnalyzer extends AbstractFailureAnalyzer<KtmOpenException> {

    @Override
    protected FailureAnalysis analyze(Throwable root, KtmOpenException cause) {
        if (cause.error() == KtmError.LOG_CORRUPTION_DETECTED) {
            return new FailureAnalysis(
                    "The transaction manager KTM finds its log damaged: " + cause.getMessage(),
                    "Leave ktm.log-directory as it is: another directory, or ktm.in-memory=true, would forget what is decided."
                            + " Restore the log from a backup, or see what is left of it with the log tool (guide to recovery).",
                    cause);
        }
        return new FailureAnalysis(
                "The transaction manager KTM cannot open its log: " + cause.getMessage(),
                "Set the property ktm.log-directory to a directory that this application may write to, that survives its"
                        + " restarts, and that no other application uses while it runs; each Ktm in one process needs one of"
                        + " its own. Where nothing has to survive, as in tests, set ktm.in-memory=true instead.",
                cause);
    }
}
