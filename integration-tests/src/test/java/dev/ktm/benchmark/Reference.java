package dev.ktm.benchmark;

import java.io.IOException;

/** What a log is compared with: one durable write after the other. */
@FunctionalInterface
interface Reference {

    /** Writes for this long. */
    Rate measure(long nanos) throws IOException;

    /**
     * What came out.
     *
     * @param perSecond durable writes per second
     * @param p50Micros median duration of one, in microseconds
     * @param p99Micros what 99 of 100 did not exceed, in microseconds
     */
    record Rate(double perSecond, double p50Micros, double p99Micros) {

        /** The middle between two measurements. */
        Rate middle(Rate other) {
            return new Rate(
                    (perSecond + other.perSecond) / 2,
                    (p50Micros + other.p50Micros) / 2,
                    (p99Micros + other.p99Micros) / 2);
        }
    }

    /** No device to compare with. */
    static Reference none() {
        return nanos -> new Rate(Double.NaN, Double.NaN, Double.NaN);
    }
}
