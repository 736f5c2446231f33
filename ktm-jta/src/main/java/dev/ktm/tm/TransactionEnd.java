package dev.ktm.tm;

import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import java.util.Optional;

/**
 * How a transaction has ended.
 *
 * @param outcome what became of it; {@link Outcome#UNDETERMINED} and {@link Outcome#UNAVAILABLE} mean that nobody here knows
 * @param cause who or what had it rolled back; empty if it was not
 * @param onePhase whether its only participant has decided
 * @param readOnly whether nobody had anything to commit
 * @param damaged whether a participant is known to have done otherwise
 * @param nanos how long it has taken since it began
 */
public record TransactionEnd(
        Outcome outcome,
        Optional<RollbackCause> cause,
        boolean onePhase,
        boolean readOnly,
        boolean damaged,
        long nanos) {}
