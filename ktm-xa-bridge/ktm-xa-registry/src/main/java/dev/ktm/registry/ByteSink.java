package dev.ktm.registry;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bytes being written, big-endian. Counts take as few bytes as they need, seven bits in each, the lowest first. Text is its number
 * of units times two, plus one if it needs two bytes for each, and these.
 */
final class ByteSink {

    private static final int FIRST_BYTES = 256;
    private static final int LATIN = 256;
    private static final int SEVEN = 7;
    private static final int MORE = 0x80;

    private byte[] bytes = new byte[FIRST_BYTES];
    private int size;

    private void need(int count) {
        if (bytes.length - size < count) {
            bytes = Arrays.copyOf(bytes, Math.max(size + count, bytes.length * 2));
        }
    }

    int size() {
        return size;
    }

    byte[] array() {
        return bytes;
    }

    void clear() {
        size = 0;
    }

    ByteBuffer toBuffer() {
        return ByteBuffer.wrap(Arrays.copyOf(bytes, size));
    }

    void putByte(int value) {
        need(1);
        bytes[size++] = (byte) value;
    }

    void putLong(long value) {
        need(Long.BYTES);
        for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            bytes[size++] = (byte) (value >>> shift);
        }
    }

    void putCount(int value) {
        int left = value;
        while ((left & ~(MORE - 1)) != 0) {
            putByte((left & (MORE - 1)) | MORE);
            left >>>= SEVEN;
        }
        putByte(left);
    }

    void putBytes(byte[] value) {
        putCount(value.length);
        need(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
    }

    void putText(String text) {
        boolean isWide = text.chars().anyMatch(unit -> unit >= LATIN);
        putCount(text.length() * 2 + (isWide ? 1 : 0));
        if (isWide) {
            putUnits(text);
            return;
        }
        var encoded = text.getBytes(StandardCharsets.ISO_8859_1);
        need(encoded.length);
        System.arraycopy(encoded, 0, bytes, size, encoded.length);
        size += encoded.length;
    }

    /** One by one: an encoder would replace half of a pair that stands alone. */
    private void putUnits(String text) {
        for (int i = 0; i < text.length(); i++) {
            putByte(text.charAt(i) >>> Byte.SIZE);
            putByte(text.charAt(i));
        }
    }
}
