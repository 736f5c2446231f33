/**
 * How fast the log is: beside the device it writes to, and beside the logs of other transaction managers. And how fast
 * the coordinator is: beside its log, and beside other transaction managers. Start at {@link
 * dev.ktm.benchmark.LogBenchmark} and {@link dev.ktm.benchmark.CoordinatorBenchmark}; {@link
 * dev.ktm.benchmark.Experiment} says how a figure comes about.
 */
@NullMarked
package dev.ktm.benchmark;

import org.jspecify.annotations.NullMarked;
