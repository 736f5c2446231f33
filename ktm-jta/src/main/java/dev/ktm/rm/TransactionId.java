package dev.ktm.rm;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * The identity of a transaction, unique in the world: who began it, in which of its lives, and which one of that life.
 * The identity of a transaction manager is random, so an id cannot be guessed.
 *
 * @param manager the transaction manager's identity
 * @param incarnation the life of it in which the transaction began
 * @param sequence the number of the transaction in that life
 */
public record TransactionId(UUID manager, long incarnation, long sequence) {

    /** The size of its binary form, in bytes. */
    public static final int BYTES = 4 * Long.BYTES;

    /** Refuses numbers that nobody gives out. */
    public TransactionId {
        if (incarnation < 1 || sequence < 1) {
            throw new IllegalArgumentException(
                    "expected an incarnation and a sequence from 1 on, found " + incarnation + " and " + sequence);
        }
    }

    /** The binary form, as it stands in global transaction ids: manager, incarnation, sequence, big-endian. */
    public byte[] toBytes() {
        return ByteBuffer.allocate(BYTES)
                .putLong(manager.getMostSignificantBits())
                .putLong(manager.getLeastSignificantBits())
                .putLong(incarnation)
                .putLong(sequence)
                .array();
    }

    @Override
    public String toString() {
        return manager + "-" + incarnation + "-" + sequence;
    }
}
