package dev.ktm.rm;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;

/**
 * What somebody has asked to drop that would have been kept until all have answered, or to decide because nobody else could: written
 * to the log before it takes effect, so it stands there also if nothing came of it.
 *
 * @param kind what was asked for
 * @param transaction of which transaction
 * @param unitOfWork the id that clients know it by
 * @param enlistment of which participant; empty if it concerns the whole transaction
 * @param when to the millisecond
 * @param who said so
 * @param why, for people
 */
public record OperatorAct(
        Kind kind,
        TransactionId transaction,
        UUID unitOfWork,
        Optional<UUID> enlistment,
        Instant when,
        String who,
        String why) {

    /** The longest name of an operator, in characters. */
    public static final int MOST_WHO_CHARACTERS = 100;

    /** The longest reason, in characters. */
    public static final int MOST_WHY_CHARACTERS = 500;

    /** What can be done. */
    public enum Kind {
        /** A participant that was told the outcome is not waited for any more. */
        COMPLETE,
        /** What was damaged is mended, and not remembered any more. */
        FORGET,
        /** Decided to commit in place of a last participant that is gone. */
        COMMIT,
        /** Decided to roll back in place of a last participant that is gone. */
        ROLL_BACK,
        /** Said that the superior, which cannot be reached, has decided to commit. */
        RESOLVE_COMMIT,
        /** Said that the superior, which cannot be reached, has decided to roll back, or knows nothing of it. */
        RESOLVE_ROLLBACK,
        /** Decided to commit without knowing what the superior has decided. */
        FORCE_COMMIT,
        /** Decided to roll back without knowing what the superior has decided. */
        FORCE_ROLLBACK,
        /** Rolled back what nobody had decided, in place of its client. */
        ROLLBACK;

        /** Whether it takes the place of what the superior decides. */
        public boolean isForSuperior() {
            return switch (this) {
                case RESOLVE_COMMIT, RESOLVE_ROLLBACK, FORCE_COMMIT, FORCE_ROLLBACK -> true;
                case COMPLETE, FORGET, COMMIT, ROLL_BACK, ROLLBACK -> false;
            };
        }

        /** Whether it decides to commit. */
        public boolean isCommit() {
            return this == COMMIT || this == RESOLVE_COMMIT || this == FORCE_COMMIT;
        }
    }

    /**
     * Cuts the time to milliseconds.
     *
     * @throws IllegalArgumentException if it is not said who and why, or said at too great length
     */
    public OperatorAct {
        when = when.truncatedTo(ChronoUnit.MILLIS);
        require("a name of who says so", who, MOST_WHO_CHARACTERS);
        require("a reason", why, MOST_WHY_CHARACTERS);
    }

    private static void require(String what, String text, int most) {
        if (text.isBlank() || text.length() > most) {
            throw new IllegalArgumentException("expected " + what + " of 1 to " + most + " characters, found "
                    + (text.isBlank() ? "none" : text.length() + " characters")
                    + ": it is kept for those who ask later");
        }
    }
}
