package dev.ktm.rm;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a resource manager wants to get back about an enlistment after a restart: immutable bytes, which many enlistments may
 * share.
 */
public final class RecoveryInformation {

    /** That of an enlistment which has said nothing. */
    public static final RecoveryInformation NONE = new RecoveryInformation(new byte[0]);

    private final byte[] bytes;

    /** These bytes; they are copied. */
    public RecoveryInformation(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    /** How many bytes it is. */
    public int size() {
        return bytes.length;
    }

    /** A copy of the bytes. */
    public byte[] toBytes() {
        return bytes.clone();
    }

    /** Puts the bytes into a buffer that has room for them. */
    public void putTo(ByteBuffer buffer) {
        buffer.put(bytes);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof RecoveryInformation that && Arrays.equals(bytes, that.bytes));
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return bytes.length + " bytes";
    }
}
