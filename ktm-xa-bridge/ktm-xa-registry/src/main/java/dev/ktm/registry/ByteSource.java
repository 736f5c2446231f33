package dev.ktm.registry;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes that a {@link ByteSink} has written, being read; what does not fit is damage. */
final class ByteSource {

    private static final int SEVEN = 7;
    private static final int MORE = 0x80;
    private static final int BYTE = 0xff;

    private final byte[] bytes;
    private final int end;
    private int at;

    ByteSource(byte[] bytes) {
        this(bytes, bytes.length);
    }

    ByteSource(byte[] bytes, int end) {
        this.bytes = bytes;
        this.end = end;
    }

    boolean hasRemaining() {
        return at < end;
    }

    private void need(int count) throws RegistryException {
        if (count < 0 || end - at < count) {
            throw new RegistryException(
                    RegistryError.HIVE_CORRUPT,
                    "expected " + Integer.toUnsignedString(count) + " bytes at offset " + at + " of a record, found "
                            + (end - at));
        }
    }

    int readByte() throws RegistryException {
        need(1);
        return bytes[at++] & BYTE;
    }

    long readLong() throws RegistryException {
        need(Long.BYTES);
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = (value << Byte.SIZE) | (bytes[at++] & BYTE);
        }
        return value;
    }

    int readCount() throws RegistryException {
        int value = 0;
        for (int shift = 0; shift < Integer.SIZE; shift += SEVEN) {
            int next = readByte();
            value |= (next & (MORE - 1)) << shift;
            if ((next & MORE) == 0) {
                break;
            }
        }
        if (value < 0) {
            throw new RegistryException(RegistryError.HIVE_CORRUPT, "expected a count, found " + value);
        }
        return value;
    }

    byte[] readBytes() throws RegistryException {
        int count = readCount();
        need(count);
        at += count;
        return Arrays.copyOfRange(bytes, at - count, at);
    }

    String readText() throws RegistryException {
        int count = readCount();
        int units = count / 2;
        if (count % 2 == 0) {
            need(units);
            at += units;
            return new String(bytes, at - units, units, StandardCharsets.ISO_8859_1);
        }
        need(units);
        var text = new char[units];
        for (int i = 0; i < units; i++) {
            text[i] = (char) ((readByte() << Byte.SIZE) | readByte());
        }
        return new String(text);
    }

    ValueType readType() throws RegistryException {
        int code = readByte();
        return ValueType.of(code)
                .orElseThrow(() ->
                        new RegistryException(RegistryError.HIVE_CORRUPT, "expected a type of a value, found " + code));
    }
}
