/**
 * The bytes on disk: layouts and checksums over {@link java.nio.ByteBuffer}, without any I/O. Start with
 * {@link dev.ktm.log.format.FrameFormat}; {@code docs/format.md} draws the whole.
 */
@NullMarked
package dev.ktm.log.format;

import org.jspecify.annotations.NullMarked;
