/**
 * A write-ahead log for the JVM with the vocabulary of CLFS. Start with {@link dev.ktm.log.Log}; the theory of
 * operation of the hard part is at the head of {@code GroupCommit}, and {@code docs/design.md} tells how the parts
 * work together.
 */
@NullMarked
package dev.ktm.log;

import org.jspecify.annotations.NullMarked;
