package dev.ktm.comparison;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;

/**
 * A window of a benchmark, as it writes them.
 *
 * @param log the product, with its settings
 * @param threads of which kind
 * @param callers how many
 * @param perSecond transactions
 * @param p50Micros median time of one
 * @param p99Micros what 99 of 100 did not exceed
 * @param cpuMicros processor time of each
 * @param allocatedBytes of each
 * @param foreignShare what others used of the machine, from 0 to 1
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record Window(
        String log,
        String threads,
        int callers,
        double perSecond,
        double p50Micros,
        double p99Micros,
        double cpuMicros,
        double allocatedBytes,
        double foreignShare) {}
