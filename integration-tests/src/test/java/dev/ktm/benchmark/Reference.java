package dev.ktm.benchmark;

/** What is compared with, measured before and after each window. */
@FunctionalInterface
interface Reference {

    /** Works for this long, beside a scenario. */
    Rate measure(Scenario beside, long nanos) throws Exception;

    /**
     * What came out.
     *
     * @param perSecond durable writes per second
     * @param p50Micros median duration of one, in microseconds
     * @param p99Micros what 99 of 100 did not exceed, in microseconds
     * @param cpuMicros CPU time of the process for each, in microseconds, or not a number
     * @param otherCpuNanos CPU time, with all that came before, of another process that did the work; zero if this one did
     */
    record Rate(double perSecond, double p50Micros, double p99Micros, double cpuMicros, long otherCpuNanos) {

        /** A rate of which nobody asks what it cost. */
        Rate(double perSecond, double p50Micros, double p99Micros) {
            this(perSecond, p50Micros, p99Micros, Double.NaN, 0);
        }

        /** What callers have done. */
        static Rate of(Work work) {
            return new Rate(
                    work.perSecond(), work.p50Micros(), work.p99Micros(), work.cpuMicros(), work.otherCpuNanos());
        }

        /** The middle between two measurements; what they have used, together. */
        Rate middle(Rate other) {
            return new Rate(
                    (perSecond + other.perSecond) / 2,
                    (p50Micros + other.p50Micros) / 2,
                    (p99Micros + other.p99Micros) / 2,
                    (cpuMicros + other.cpuMicros) / 2,
                    otherCpuNanos + other.otherCpuNanos);
        }
    }

    /** No device to compare with. */
    static Reference none() {
        return (beside, nanos) -> new Rate(Double.NaN, Double.NaN, Double.NaN);
    }
}
