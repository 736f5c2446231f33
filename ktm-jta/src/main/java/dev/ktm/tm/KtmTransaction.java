package dev.ktm.tm;

import dev.ktm.rm.Damage;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** What KTM knows of a transaction, whichever face it is looked at through. Safe for many threads. */
public interface KtmTransaction {

    /** Its identity; empty while it is bound to no transaction manager. */
    Optional<TransactionId> id();

    /** The id that clients know it by. */
    UUID unitOfWork();

    /** For people; empty if nothing was said. */
    String description();

    /** Where it stands. */
    TransactionState state();

    /** What became of it. */
    Outcome outcome();

    /** Where it has stood, oldest first; at most the last 10. */
    List<TransactionState> history();

    /** Whether its owner has said that it changes nothing. */
    boolean isReadOnly();

    /** Whether no participant has anything to commit, the superior apart. */
    boolean hasNothingToCommit();

    /** Why it was rolled back, for people; empty if it was not. */
    Optional<String> rollbackCause();

    /** Who or what had it rolled back, for programs; empty if it was not. */
    Optional<RollbackCause> rolledBackBy();

    /** How long it has until it is rolled back; empty if for ever, or if that does not matter any more. */
    Optional<Duration> timeLeft();

    /** Participants that did otherwise than was decided. */
    List<Damage> damage();
}
