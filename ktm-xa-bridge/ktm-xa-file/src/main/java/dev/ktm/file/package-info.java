/**
 * Transactional files: a directory of an ordinary file system is handed out as a {@link java.nio.file.FileSystem} whose changes
 * belong to the transaction of the thread, and happen all together when it commits. Start with {@link
 * dev.ktm.file.TransactedFiles}.
 */
@NullMarked
package dev.ktm.file;

import org.jspecify.annotations.NullMarked;
