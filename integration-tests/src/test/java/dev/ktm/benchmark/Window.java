package dev.ktm.benchmark;

/**
 * What one window showed.
 *
 * @param work what the callers did
 * @param reference what they are compared with, just before and just after
 * @param foreignShare what other processes used of the machine meanwhile, from 0 to 1
 */
record Window(Work work, Reference.Rate reference, double foreignShare) {

    /** Units of work per second. */
    double perSecond() {
        return work.perSecond();
    }

    /** The rate in units of what the reference did at the same time. */
    double ratio() {
        return work.perSecond() / reference.perSecond();
    }

    /** The median time in units of that of the reference. */
    double latencyRatio() {
        return work.p50Micros() / reference.p50Micros();
    }

    /** CPU time per unit of work beyond that of the reference, in microseconds. */
    double cpuMicrosBeyondReference() {
        return work.cpuMicros() - reference.cpuMicros();
    }
}
