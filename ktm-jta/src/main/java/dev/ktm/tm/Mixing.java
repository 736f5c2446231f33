package dev.ktm.tm;

/** Spreads small numbers over all bits, each to a different one. */
final class Mixing {

    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;
    private static final long FIRST = 0xBF58476D1CE4E5B9L;
    private static final long SECOND = 0x94D049BB133111EBL;

    private Mixing() {}

    static long mix(long value) {
        long mixed = value * GOLDEN_RATIO;
        mixed = (mixed ^ (mixed >>> 30)) * FIRST;
        mixed = (mixed ^ (mixed >>> 27)) * SECOND;
        return mixed ^ (mixed >>> 31);
    }
}
