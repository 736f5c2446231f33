/**
 * Which statements of the conformance list this build has proven. Start at {@link
 * dev.ktm.conformance.ConformanceReport}.
 */
@NullMarked
package dev.ktm.conformance;

import org.jspecify.annotations.NullMarked;
