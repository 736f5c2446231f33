/**
 * The only door to the disk. {@link dev.ktm.log.storage.LogDevice} says what the log needs from stable storage,
 * {@link dev.ktm.log.storage.FileDevice} is a directory on a real disk. Knows nothing about logs.
 */
@NullMarked
package dev.ktm.log.storage;

import org.jspecify.annotations.NullMarked;
