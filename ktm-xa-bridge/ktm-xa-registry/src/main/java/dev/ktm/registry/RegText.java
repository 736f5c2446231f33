package dev.ktm.registry;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** How the text of a file of Windows' registry editor becomes bytes, and back. Loses nothing, or refuses. */
final class RegText {

    static final Charset ANSI = Charset.forName("windows-1252");

    private static final int BYTE_ORDER_MARK = 0xfeff;
    private static final int BYTE = 0xff;

    private RegText() {}

    static byte[] encode(String text, RegFormat format) throws RegistryException {
        return switch (format) {
            case VERSION_5 -> wide((char) BYTE_ORDER_MARK + text);
            case VERSION_5_UTF8 -> encode(text, StandardCharsets.UTF_8);
            case REGEDIT4 -> encode(text, ANSI);
        };
    }

    /** One by one: an encoder would replace half of a pair that stands alone. */
    static byte[] wide(String text) {
        var bytes = new byte[text.length() * Character.BYTES];
        for (int i = 0; i < text.length(); i++) {
            bytes[i * Character.BYTES] = (byte) text.charAt(i);
            bytes[i * Character.BYTES + 1] = (byte) (text.charAt(i) >>> Byte.SIZE);
        }
        return bytes;
    }

    static byte[] encode(String text, Charset charset) throws RegistryException {
        try {
            var encoded = charset.newEncoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .encode(CharBuffer.wrap(text));
            var bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (CharacterCodingException e) {
            throw new RegistryException(
                    RegistryError.INVALID_PARAMETER,
                    "expected text that " + charset + " has, found other: export in version 5.00, in UTF-16",
                    e);
        }
    }

    static String decode(byte[] bytes) throws RegistryException {
        if (startsWith(bytes, 0xff, 0xfe)) {
            if (bytes.length % Character.BYTES != 0) {
                throw RegParser.failure(
                        1, "whole characters of UTF-16", "half of one at the end of " + bytes.length + " bytes");
            }
            return narrow(bytes, Character.BYTES);
        }
        if (startsWith(bytes, 0xef, 0xbb, 0xbf)) {
            return decode(ByteBuffer.wrap(bytes, 3, bytes.length - 3), StandardCharsets.UTF_8);
        }
        var isOld = startsWith(bytes, 'R', 'E', 'G', 'E', 'D', 'I', 'T', '4');
        return decode(ByteBuffer.wrap(bytes), isOld ? ANSI : StandardCharsets.UTF_8);
    }

    private static boolean startsWith(byte[] bytes, int... expected) {
        for (int i = 0; i < expected.length; i++) {
            if (i >= bytes.length || (bytes[i] & BYTE) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    /** All whole units from an offset on, one by one as well. */
    static String narrow(byte[] bytes, int from) {
        var text = new char[(bytes.length - from) / Character.BYTES];
        for (int i = 0; i < text.length; i++) {
            int at = from + i * Character.BYTES;
            text[i] = (char) ((bytes[at] & BYTE) | ((bytes[at + 1] & BYTE) << Byte.SIZE));
        }
        return new String(text);
    }

    /** What bytes of the older format stand for; empty if one of them stands for nothing. */
    static Optional<String> ansi(byte[] bytes) {
        try {
            return Optional.of(ANSI.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static String decode(ByteBuffer bytes, Charset charset) throws RegistryException {
        var decoder = charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        var text = CharBuffer.allocate(bytes.remaining());
        var result = decoder.decode(bytes, text, true);
        if (result.isError()) {
            long line = 1 + text.flip().chars().filter(unit -> unit == '\n').count();
            throw RegParser.failure(
                    line,
                    "text in " + charset,
                    "the byte " + Integer.toHexString(bytes.get(bytes.position()) & BYTE)
                            + ": save it as UTF-8 or as UTF-16 with a byte order mark");
        }
        return text.flip().toString();
    }
}
