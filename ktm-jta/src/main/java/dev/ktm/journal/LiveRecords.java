package dev.ktm.journal;

import dev.ktm.log.LogException;
import dev.ktm.rm.TransactionId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The records of transactions that have not ended, and where in the stream they lie. They are in stripes, each with a lock under
 * which records are appended and entered: so whoever looks at a stripe sees all that was appended before.
 */
final class LiveRecords {

    private static final int STRIPES = 16;
    private static final int BUFFER_BYTES = 512;
    private static final int MOST_BUFFER_BYTES = 16 * 1024;

    /** About what the log adds to a record, in bytes. */
    static final int RECORD_OVERHEAD = 64;

    private final List<Stripe> stripes = new ArrayList<>(STRIPES);

    LiveRecords(Map<TransactionId, Entry> found) {
        for (int i = 0; i < STRIPES; i++) {
            stripes.add(new Stripe());
        }
        found.forEach((id, entry) -> stripeOf(id).live.put(id, entry));
    }

    /** A live record. */
    record Entry(TransactionRecord transaction, long lsn) {}

    /** Some of the live records; whoever uses one holds its lock. */
    static final class Stripe {
        final ReentrantLock lock = new ReentrantLock();
        final Map<TransactionId, Entry> live = new HashMap<>();
        private ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

        /** An empty buffer for a record of this size; the log copies what is appended. */
        ByteBuffer buffer(int bytes) {
            if (bytes > MOST_BUFFER_BYTES) {
                return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
            }
            if (bytes > buffer.capacity()) {
                buffer = ByteBuffer.allocate(MOST_BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            }
            return buffer.clear();
        }
    }

    Stripe stripeOf(TransactionId id) {
        return stripes.get((int) (id.sequence() & (STRIPES - 1)));
    }

    boolean contains(TransactionId id) {
        var stripe = stripeOf(id);
        stripe.lock.lock();
        try {
            return stripe.live.containsKey(id);
        } finally {
            stripe.lock.unlock();
        }
    }

    List<TransactionRecord> all() {
        var all = new ArrayList<TransactionRecord>();
        for (var stripe : stripes) {
            stripe.lock.lock();
            try {
                stripe.live.values().forEach(entry -> all.add(entry.transaction()));
            } finally {
                stripe.lock.unlock();
            }
        }
        return all;
    }

    /** Where the oldest lies, and about how much log all of them need. */
    record Oldest(long lsn, long liveBytes) {}

    /** The oldest; at {@code limit} if there is none. */
    Oldest oldest(long limit) {
        long oldest = limit;
        long bytes = 0;
        for (var stripe : stripes) {
            stripe.lock.lock();
            try {
                for (var entry : stripe.live.values()) {
                    oldest = Math.min(oldest, entry.lsn());
                    bytes += JournalFormat.sizeOf(entry.transaction()) + RECORD_OVERHEAD;
                }
            } finally {
                stripe.lock.unlock();
            }
        }
        return new Oldest(oldest, bytes);
    }

    /** Where a live record is now. */
    interface Move {
        long to(TransactionRecord transaction) throws LogException;
    }

    /** Moves the live records that lie before this one, each stripe while nobody can end them. */
    void moveAll(long newest, Move move) throws LogException {
        for (var stripe : stripes) {
            stripe.lock.lock();
            try {
                for (var live : stripe.live.entrySet()) {
                    var entry = live.getValue();
                    if (entry.lsn() < newest) {
                        live.setValue(new Entry(entry.transaction(), move.to(entry.transaction())));
                    }
                }
            } finally {
                stripe.lock.unlock();
            }
        }
    }
}
