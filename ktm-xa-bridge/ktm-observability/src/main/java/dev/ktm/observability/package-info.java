/**
 * What others see of a coordinator at work: {@link dev.ktm.observability.KtmMetrics} for Micrometer, {@link
 * dev.ktm.observability.KtmTracing} for OpenTelemetry, {@link dev.ktm.observability.KtmMdc} for SLF4J. Each needs its own library and none
 * of the others; {@code docs/observability.md} says what they tell.
 */
@NullMarked
package dev.ktm.observability;

import org.jspecify.annotations.NullMarked;
