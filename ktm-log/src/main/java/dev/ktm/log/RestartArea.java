package dev.ktm.log;

import java.nio.ByteBuffer;

/**
 * A restart area: where the recovery of a stream's user starts from.
 *
 * @param lsn its address
 * @param previous the restart area before it, or {@link Lsn#INVALID}
 * @param data what the user wrote
 */
public record RestartArea(long lsn, long previous, ByteBuffer data) {}
