package dev.ktm.spring;

import dev.ktm.KtmOpenException;
import dev.ktm.log.LogError;
import dev.ktm.log.LogException;
import dev.ktm.rm.KtmError;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which property to change if the coordinator cannot be opened. */
final class KtmFailureAnalyzer extends AbstractFailureAnalyzer<KtmOpenException> {

    private static final String LEAVE =
            "Leave ktm.log-directory as it is: another directory, or ktm.in-memory=true, would"
                    + " forget what is decided. ";

    @Override
    protected FailureAnalysis analyze(Throwable root, KtmOpenException cause) {
        if (cause.error() == KtmError.LOG_CORRUPTION_DETECTED) {
            return new FailureAnalysis(
                    "The transaction manager KTM finds its log damaged: " + cause.getMessage(),
                    LEAVE
                            + "Restore the log from a backup, or see what is left of it with the log tool (guide to recovery).",
                    cause);
        }
        var log = findCause(root, LogException.class);
        if (log != null && log.error() == LogError.COPIED) {
            return new FailureAnalysis(
                    "The transaction manager KTM finds a copy of a log: " + cause.getMessage(),
                    LEAVE
                            + "If the original is gone for ever, because this is it on another disk or from a backup, start once"
                            + " with ktm.log-copy=moved. If the original lives on, what is decided is its to finish: then, and"
                            + " only then, this application needs an empty directory of its own.",
                    cause);
        }
        var description = "The transaction manager KTM cannot open its log: " + cause.getMessage();
        var opening = findCause(root, LogOpenException.class);
        boolean isInUse = log != null && log.error() == LogError.SHARING_VIOLATION;
        if (opening != null && opening.isThere() && !isInUse) {
            return new FailureAnalysis(
                    description, LEAVE + "There is a log: what keeps it from being opened has to be mended.", cause);
        }
        return new FailureAnalysis(
                description,
                "Set the property ktm.log-directory to a directory that this application may write to, that survives its"
                        + " restarts, and that no other application uses while it runs; each Ktm in one process needs one of"
                        + " its own. Where nothing has to survive, as in tests, set ktm.in-memory=true instead.",
                cause);
    }
}
