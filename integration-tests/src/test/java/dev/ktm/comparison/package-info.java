/**
 * The comparison with other transaction managers: {@link dev.ktm.comparison.Comparison} measures, or reads what was measured, and
 * writes one page.
 */
package dev.ktm.comparison;
