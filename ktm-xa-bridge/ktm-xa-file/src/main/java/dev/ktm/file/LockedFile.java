package dev.ktm.file;

/**
 * A name that a transaction has changed, and that nobody else may change before it ends.
 *
 * @param name the name below the root, with slashes; empty if the transaction has made it and deleted it again
 * @param created whether there is nothing of this name outside of the transaction
 * @param deleted whether there is nothing of this name inside of it
 */
public record LockedFile(String name, boolean created, boolean deleted) {}
