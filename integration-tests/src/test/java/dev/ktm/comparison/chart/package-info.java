/** Small charts as SVG, readable in light and dark. */
package dev.ktm.comparison.chart;
