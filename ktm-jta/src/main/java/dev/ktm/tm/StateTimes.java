package dev.ktm.tm;

import dev.ktm.rm.TransactionState;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When a transaction has entered its states, to some milliseconds: how that is kept.
 *
 * <p><b>Theory of operation.</b> A commit passes its states in microseconds, and nobody will ask when it did. So the transaction
 * keeps when it began and when it has entered the state in which it stands; only of states before that one in which it has stayed for a
 * millisecond or longer there is a mark, so that nothing is allocated for others. What has no mark was passed just before the next one
 * that has. Times are those of {@link Timeouts#now}.
 */
final class StateTimes {

    private static final long SHORT_NANOS = 1_000_000;
    private static final int CODE_BITS = 4;
    private static final int CODE_MASK = (1 << CODE_BITS) - 1;
    private static final int MOST_MARKS = 16;
    private static final int STATES_KEPT = 10;

    private StateTimes() {}

    /** Marks for the states that a transaction has left, with one more if it was in it for so long; null while there is none. */
    static long @Nullable [] marks(long @Nullable [] known, TransactionState left, long entered, long now) {
        if (now - entered < SHORT_NANOS || (known != null && known.length == MOST_MARKS)) {
            return known;
        }
        var longer = known == null ? new long[1] : Arrays.copyOf(known, known.length + 1);
        longer[longer.length - 1] = entered << CODE_BITS | left.code();
        return longer;
    }

    /** When the first of these was entered that comes behind the votes; never if none does. */
    static long votedAt(List<TransactionState> history, long[] times) {
        for (int i = 0; i < times.length; i++) {
            switch (history.get(i)) {
                case PREPARED, IN_DOUBT, DELEGATED, COMMITTED, ABORTED -> {
                    return times[i];
                }
                case ACTIVE, PRE_PREPARING, PRE_PREPARED, PREPARING, FORGOTTEN -> {}
            }
        }
        return Timeouts.NEVER;
    }

    /**
     * When each of these was entered, which are what the protocol remembers, oldest first.
     *
     * @param begun when the transaction began, or was found in the log
     * @param entered when the last of them was
     */
    static long[] of(List<TransactionState> history, long begun, long entered, long @Nullable [] marks) {
        var times = new long[history.size()];
        long next = entered;
        int mark = marks == null ? 0 : marks.length;
        for (int i = times.length - 1; i >= 0; i--) {
            boolean isMarked = marks != null
                    && mark > 0
                    && i < times.length - 1
                    && (marks[mark - 1] & CODE_MASK) == history.get(i).code();
            if (marks != null && isMarked) {
                mark--;
                next = marks[mark] >> CODE_BITS;
            }
            times[i] = next;
        }
        if (times.length < STATES_KEPT) {
            times[0] = begun;
        }
        return times;
    }
}
