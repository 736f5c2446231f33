package dev.ktm.proof;

import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * Rows that a server has acknowledged one after another, at known moments, and what it shows if some of them are gone: the server has
 * come back as it was before the first of those. Pure. Not safe for several threads.
 */
final class Testimony {

    /** When a row is written, in the order of a life. */
    enum Moment {
        /** Before the coordinator of a life is there. */
        START(0),
        /** After it has died. */
        END(1),
        /** After a check, when nothing is in doubt. */
        CHECK(2);

        private static final int COUNT = 3;

        private final int rank;

        Moment(int rank) {
            this.rank = rank;
        }

        /** The number of the row of this moment of a life: later ones are greater. */
        int row(int life) {
            return life * COUNT + rank;
        }

        /** The life in which may happen what comes next after a row. */
        private static int lifeAfter(int row) {
            boolean settled = row % COUNT == CHECK.rank;
            return row / COUNT + (settled ? 1 : 0);
        }
    }

    private final NavigableSet<Integer> acknowledged = new TreeSet<>();
    /** The last life in which the server was killed since it was last looked at. */
    private OptionalInt killed = OptionalInt.empty();

    /** The server has said that this row is safe. Each is later than the one before. */
    void acknowledged(int row) {
        acknowledged.add(row);
    }

    /** The server was killed in this life, or between it and the one before. */
    void killed(int life) {
        killed = OptionalInt.of(life);
    }

    /**
     * The server is there and was looked at.
     *
     * @param found all of its rows
     * @return what it has lost since it was last looked at, if it was killed meanwhile: else nothing excuses it
     */
    Optional<Evidence.Loss> seen(Set<Integer> found) {
        var killedMeanwhile = killed;
        killed = OptionalInt.empty();
        var gone = new TreeSet<>(acknowledged);
        gone.removeAll(found);
        if (gone.isEmpty() || killedMeanwhile.isEmpty()) {
            return Optional.empty();
        }
        var kept = acknowledged.lower(gone.first());
        // Each is told of once.
        acknowledged.removeAll(gone);
        return Optional.of(new Evidence.Loss(kept == null ? 0 : Moment.lifeAfter(kept), killedMeanwhile.getAsInt()));
    }
}
