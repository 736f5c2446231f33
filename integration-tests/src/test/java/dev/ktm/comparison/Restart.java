package dev.ktm.comparison;

/**
 * A restart.
 *
 * @param product which one
 * @param transactions that were decided and had to be finished
 * @param openedSeconds until it is open
 * @param finishedSeconds until both resource managers have been told of all, or negative if that was given up
 */
record Restart(String product, int transactions, double openedSeconds, double finishedSeconds) {}
