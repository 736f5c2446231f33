package dev.ktm.rm;

import java.util.HexFormat;

/**
 * The name of a branch of XA, for people.
 *
 * @param formatId the format id
 * @param global the global transaction id, as hexadecimal digits in lower case
 * @param qualifier the branch qualifier, likewise; empty if there is none
 */
public record BranchId(int formatId, String global, String qualifier) {

    /** Of these bytes. */
    public static BranchId of(int formatId, byte[] global, byte[] qualifier) {
        var hex = HexFormat.of();
        return new BranchId(formatId, hex.formatHex(global), hex.formatHex(qualifier));
    }

    /** As {@code format:global:qualifier}. */
    @Override
    public String toString() {
        return formatId + ":" + global + ":" + qualifier;
    }
}
