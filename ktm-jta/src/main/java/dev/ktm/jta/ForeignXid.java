package dev.ktm.jta;

import dev.ktm.rm.BranchId;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/** An xid of another transaction manager, kept to the letter; equal by content. */
final class ForeignXid implements Xid {

    private static final int MOST_BYTES = MAXGTRIDSIZE;
    private static final int HEADER_BYTES = Integer.BYTES + 1;
    private static final Pattern WRITTEN = Pattern.compile("(-?\\d{1,10}):([0-9a-f]+):([0-9a-f]*)");

    private final int formatId;
    private final byte[] global;
    private final byte[] qualifier;

    private ForeignXid(int formatId, byte[] global, byte[] qualifier) {
        this.formatId = formatId;
        this.global = global;
        this.qualifier = qualifier;
    }

    /** A copy. */
    static ForeignXid of(Xid xid) {
        if (xid instanceof ForeignXid own) {
            return own;
        }
        byte[] global = xid.getGlobalTransactionId();
        byte[] qualifier = xid.getBranchQualifier();
        if (global == null || global.length == 0 || global.length > MOST_BYTES) {
            throw new IllegalArgumentException("expected a global transaction id of 1 to " + MOST_BYTES
                    + " bytes, found " + (global == null ? "none" : global.length + " bytes"));
        }
        if (qualifier != null && qualifier.length > MOST_BYTES) {
            throw new IllegalArgumentException(
                    "expected a branch qualifier of at most " + MOST_BYTES + " bytes, found " + qualifier.length);
        }
        return new ForeignXid(xid.getFormatId(), global.clone(), qualifier == null ? new byte[0] : qualifier.clone());
    }

    /** Its bytes: format id, length of the global transaction id as one byte, that, the branch qualifier. */
    byte[] toBytes() {
        return ByteBuffer.allocate(HEADER_BYTES + global.length + qualifier.length)
                .putInt(formatId)
                .put((byte) global.length)
                .put(global)
                .put(qualifier)
                .array();
    }

    static ForeignXid fromBytes(byte[] bytes) throws KtmException {
        var buffer = ByteBuffer.wrap(bytes);
        if (bytes.length < HEADER_BYTES) {
            throw corrupt(bytes.length + " bytes in all");
        }
        int formatId = buffer.getInt();
        int length = buffer.get();
        if (length < 1 || length > MOST_BYTES || length > buffer.remaining()) {
            throw corrupt(
                    "a global transaction id of " + length + " bytes, and " + buffer.remaining() + " that are left");
        }
        var global = new byte[length];
        buffer.get(global);
        if (buffer.remaining() > MOST_BYTES) {
            throw corrupt("a branch qualifier of " + buffer.remaining() + " bytes");
        }
        var qualifier = new byte[buffer.remaining()];
        buffer.get(qualifier);
        return new ForeignXid(formatId, global, qualifier);
    }

    private static KtmException corrupt(String found) {
        return new KtmException(
                KtmError.LOG_CORRUPTION_DETECTED,
                "expected the xid of another transaction manager in the log, a global transaction id and a branch qualifier of at most "
                        + MOST_BYTES + " bytes each, found " + found);
    }

    /** For people. */
    BranchId branch() {
        return BranchId.of(formatId, global, qualifier);
    }

    /** Reads what {@link #toString} has written at the beginning of a text; empty if there is none. */
    static Optional<ForeignXid> startOf(String text) {
        var found = WRITTEN.matcher(text);
        if (!found.lookingAt()) {
            return Optional.empty();
        }
        try {
            var hex = HexFormat.of();
            var global = hex.parseHex(found.group(2));
            var qualifier = hex.parseHex(found.group(3));
            return global.length > MOST_BYTES || qualifier.length > MOST_BYTES
                    ? Optional.empty()
                    : Optional.of(new ForeignXid(Integer.parseInt(found.group(1)), global, qualifier));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @Override
    public int getFormatId() {
        return formatId;
    }

    @Override
    public byte[] getGlobalTransactionId() {
        return global.clone();
    }

    @Override
    public byte[] getBranchQualifier() {
        return qualifier.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ForeignXid that
                && formatId == that.formatId
                && Arrays.equals(global, that.global)
                && Arrays.equals(qualifier, that.qualifier);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * formatId + Arrays.hashCode(global)) + Arrays.hashCode(qualifier);
    }

    @Override
    public String toString() {
        return formatId + ":" + hex(global) + ":" + hex(qualifier);
    }

    private static String hex(byte[] bytes) {
        var text = new StringBuilder(2 * bytes.length);
        for (byte each : bytes) {
            text.append(Character.forDigit((each >> 4) & 0xF, 16)).append(Character.forDigit(each & 0xF, 16));
        }
        return text.toString();
    }
}
