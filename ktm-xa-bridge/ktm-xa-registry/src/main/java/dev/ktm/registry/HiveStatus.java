package dev.ktm.registry;

/**
 * What an operator may want to know of a hive.
 *
 * @param checkpoint the number of its last checkpoint; 0 if there is none yet
 * @param keys how many keys it has, volatile ones among them
 * @param transactions how many transactions have worked in it and not ended
 * @param repaired what was wrong with its files when it was loaded, and was made up for from the log; empty if nothing was
 */
public record HiveStatus(String name, long checkpoint, int keys, int transactions, String repaired) {}
