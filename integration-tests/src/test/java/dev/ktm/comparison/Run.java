package dev.ktm.comparison;

/**
 * When and where a section was measured.
 *
 * @param date of its end
 * @param machine in general terms
 * @param java its version
 * @param settings of the measurement
 */
record Run(String date, String machine, String java, String settings) {}
