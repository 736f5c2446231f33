package dev.ktm.operator;

import dev.ktm.rm.BranchId;
import dev.ktm.rm.TransactionId;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.UUID;

/** How the tools of a resource manager write the name of a branch. */
enum Notation {
    /** As in {@code pg_prepared_xacts}, written by the driver. */
    POSTGRESQL("postgresql") {
        @Override
        String text(BranchId branch) {
            var encoder = Base64.getEncoder();
            return branch.formatId() + "_" + encoder.encodeToString(bytes(branch.global())) + "_"
                    + encoder.encodeToString(bytes(branch.qualifier()));
        }
    },
    /** As {@code XA COMMIT} and {@code XA ROLLBACK} take it. */
    MARIADB("mariadb") {
        @Override
        String text(BranchId branch) {
            return "X'" + branch.global() + "',X'" + branch.qualifier() + "'," + branch.formatId();
        }
    },
    /** As {@link #MARIADB}. */
    MYSQL("mysql") {
        @Override
        String text(BranchId branch) {
            return MARIADB.text(branch);
        }
    },
    /** As in {@code DBA_2PC_PENDING}, with the branch behind it. */
    ORACLE("oracle") {
        @Override
        String text(BranchId branch) {
            return branch.formatId() + "." + branch.global().toUpperCase(Locale.ROOT) + "."
                    + branch.qualifier().toUpperCase(Locale.ROOT);
        }
    },
    /** As in {@code INFORMATION_SCHEMA.IN_DOUBT}. */
    H2("org.h2") {
        @Override
        String text(BranchId branch) {
            var encoder = Base64.getUrlEncoder().withoutPadding();
            return "XID|" + branch.formatId() + "|" + encoder.encodeToString(bytes(branch.qualifier())) + "|"
                    + encoder.encodeToString(bytes(branch.global()));
        }
    },
    /** As in {@code SYSCS_DIAG.TRANSACTION_TABLE}. */
    DERBY("derby") {
        @Override
        String text(BranchId branch) {
            return "(" + branch.formatId() + "," + branch.global() + "," + branch.qualifier() + ")";
        }
    },
    /** Of whatever has none that is known here. */
    PLAIN("") {
        @Override
        String text(BranchId branch) {
            return branch.toString();
        }
    };

    /** "KTM1" in ASCII, the format id of the coordinator's branches. */
    private static final int FORMAT_ID = 0x4B544D31;

    private final String mark;

    Notation(String mark) {
        this.mark = mark;
    }

    /** That of a product, or of the class of a driver. */
    static Notation of(String product) {
        var text = product.toLowerCase(Locale.ROOT);
        for (var each : values()) {
            if (text.contains(each.mark)) {
                return each;
            }
        }
        return PLAIN;
    }

    /** A branch as people find it in the tools of its resource manager. */
    abstract String text(BranchId branch);

    /** The branch of an enlistment of ours. */
    static BranchId branchOf(TransactionId transaction, UUID enlistment) {
        var qualifier = ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(enlistment.getMostSignificantBits())
                .putLong(enlistment.getLeastSignificantBits())
                .array();
        return BranchId.of(FORMAT_ID, transaction.toBytes(), qualifier);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
