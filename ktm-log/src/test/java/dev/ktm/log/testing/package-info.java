/**
 * Fixtures that the log and the modules above it are tested with.
 *
 * <p>Start at {@link dev.ktm.log.testing.SimulatedDevice}: a disk in memory that remembers what was done to it. Give
 * its history to {@link dev.ktm.log.testing.CrashStates} to get every disk that a power loss may leave, and a
 * {@link dev.ktm.log.testing.FaultPlan} to it to make it fail. {@link dev.ktm.log.testing.MemoryDevice} is for speed.
 */
@NullMarked
package dev.ktm.log.testing;

import org.jspecify.annotations.NullMarked;
