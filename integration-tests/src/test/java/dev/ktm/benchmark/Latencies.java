package dev.ktm.benchmark;

/**
 * How long each operation of one thread took, in buckets that are at most 1.6 percent wide. Recording does not
 * allocate. Not thread-safe.
 */
final class Latencies {

    private static final int SUB_BITS = 6;
    private static final int SUB_BUCKETS = 1 << SUB_BITS;

    private final long[] counts = new long[(Long.SIZE - SUB_BITS) * SUB_BUCKETS];
    private long count;

    /** Notes one operation that took this long. */
    void record(long nanos) {
        counts[bucket(Math.max(nanos, 0))]++;
        count++;
    }

    /** How many were noted. */
    long count() {
        return count;
    }

    /** Takes over what another thread has noted. */
    void add(Latencies other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        count += other.count;
    }

    /** The time within which this share of the operations ended, in microseconds; zero if there were none. */
    double micros(double share) {
        long wanted = (long) Math.ceil(count * share);
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted && seen > 0) {
                return middle(i) / 1e3;
            }
        }
        return 0;
    }

    /** Values below 64 have a bucket each; above, each power of two is cut into 64. */
    private static int bucket(long nanos) {
        int shift = Math.max(0, Long.SIZE - SUB_BITS - 1 - Long.numberOfLeadingZeros(nanos));
        return shift * SUB_BUCKETS + (int) (nanos >>> shift);
    }

    private static double middle(int bucket) {
        if (bucket < 2 * SUB_BUCKETS) {
            return bucket;
        }
        int shift = bucket / SUB_BUCKETS - 1;
        return ((long) (bucket - shift * SUB_BUCKETS) << shift) + (1L << shift) / 2.0;
    }
}
