package dev.ktm.benchmark;

/**
 * What one window showed.
 *
 * @param perSecond durable appends per second
 * @param p50Micros median time of one, in microseconds
 * @param p99Micros what 99 of 100 did not exceed, in microseconds
 * @param cpuMicros CPU time of the process per append, in microseconds
 * @param allocatedBytes what the process allocated per append, in bytes
 * @param forces waits for the device per append, or not a number
 * @param reference the raw device, just before and just after
 * @param foreignShare what other processes used of the machine meanwhile, from 0 to 1
 */
record Window(
        double perSecond,
        double p50Micros,
        double p99Micros,
        double cpuMicros,
        double allocatedBytes,
        double forces,
        Reference.Rate reference,
        double foreignShare) {

    /** The rate in units of what the raw device did at the same time. */
    double ratio() {
        return perSecond / reference.perSecond();
    }

    /** The median time in units of that of a raw write. */
    double latencyRatio() {
        return p50Micros / reference.p50Micros();
    }
}
