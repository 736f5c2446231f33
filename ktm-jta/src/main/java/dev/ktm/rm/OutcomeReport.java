package dev.ktm.rm;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Something about a transaction that is not as it should be, or as its client may expect: everything that an operator needs
 * to know, in one piece.
 *
 * @param kind what it is
 * @param when when it was seen
 * @param transaction its identity; empty while it is bound to no transaction manager
 * @param unitOfWork the id that clients know it by
 * @param resourceManager who is concerned; empty if it is the coordinator itself
 * @param branch the branch, as the resource manager lists it; empty if there is none
 * @param code what was answered, if anything
 * @param cause why
 * @param nextStep what happens now, or what should be done
 * @param failure what was thrown, if anything
 */
public record OutcomeReport(
        Kind kind,
        Instant when,
        Optional<TransactionId> transaction,
        UUID unitOfWork,
        String resourceManager,
        String branch,
        String code,
        String cause,
        String nextStep,
        Optional<Throwable> failure) {

    /** What is the matter. */
    public enum Kind {
        /** A participant did otherwise than was decided, or nobody knows what it did. */
        HEURISTIC,
        /** Decided, and a participant has not done it yet; it is told again. */
        PENDING,
        /** Nobody here can decide now. */
        IN_DOUBT,
        /** A participant, or the log, refused to commit. */
        REFUSED,
        /** It took too long and was rolled back. */
        TIMED_OUT,
        /** The log cannot be written any more: no new work is taken. */
        OFFLINE,
        /** A resource manager broke the rules. */
        PROTOCOL_ERROR,
        /** A branch of an earlier life, or of a failed vote, was found and rolled back. */
        ORPHAN,
        /** A resource manager could not be asked for its branches. */
        RECOVERY_FAILED,
        /** Something enlisted that could not be found again after a restart. */
        NOT_RECOVERABLE
    }

    /** One line for a log. */
    @Override
    public String toString() {
        var text = new StringBuilder(200).append(kind).append(": transaction ");
        text.append(transaction.map(TransactionId::toString).orElse("unbound"));
        text.append(", unit of work ").append(unitOfWork);
        append(text, ", resource manager ", resourceManager);
        append(text, ", branch ", branch);
        append(text, ", code ", code);
        append(text, ": ", cause);
        append(text, "; ", nextStep);
        return text.toString();
    }

    private static void append(StringBuilder text, String label, String value) {
        if (!value.isEmpty()) {
            text.append(label).append(value);
        }
    }
}
