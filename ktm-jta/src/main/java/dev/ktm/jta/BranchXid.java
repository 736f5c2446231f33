package dev.ktm.jta;

import dev.ktm.rm.TransactionId;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/**
 * The name of a branch: everything that a restart needs to know whose it is, and nothing that could be guessed. The global
 * transaction id is that of the transaction, the branch qualifier the id of the enlistment.
 *
 * @param transaction the identity of the transaction
 * @param enlistment the id of the enlistment
 */
record BranchXid(TransactionId transaction, UUID enlistment) implements Xid {

    /** "KTM1" in ASCII: which global transaction ids can be ours at all. */
    static final int FORMAT_ID = 0x4B544D31;

    private static final int QUALIFIER_BYTES = 2 * Long.BYTES;

    /** Reads an xid that a resource manager has listed; empty if it cannot be of any KTM. */
    static Optional<BranchXid> of(@Nullable Xid xid) {
        if (xid == null || xid.getFormatId() != FORMAT_ID) {
            return Optional.empty();
        }
        if (xid instanceof BranchXid own) {
            return Optional.of(own);
        }
        byte[] global = xid.getGlobalTransactionId();
        byte[] qualifier = xid.getBranchQualifier();
        if (global == null
                || qualifier == null
                || global.length != TransactionId.BYTES
                || qualifier.length != QUALIFIER_BYTES) {
            return Optional.empty();
        }
        var id = ByteBuffer.wrap(global);
        var manager = new UUID(id.getLong(), id.getLong());
        long incarnation = id.getLong();
        long sequence = id.getLong();
        if (incarnation < 1 || sequence < 1) {
            return Optional.empty();
        }
        var branch = ByteBuffer.wrap(qualifier);
        return Optional.of(new BranchXid(
                new TransactionId(manager, incarnation, sequence), new UUID(branch.getLong(), branch.getLong())));
    }

    @Override
    public int getFormatId() {
        return FORMAT_ID;
    }

    @Override
    public byte[] getGlobalTransactionId() {
        return transaction.toBytes();
    }

    @Override
    public byte[] getBranchQualifier() {
        return ByteBuffer.allocate(QUALIFIER_BYTES)
                .putLong(enlistment.getMostSignificantBits())
                .putLong(enlistment.getLeastSignificantBits())
                .array();
    }

    @Override
    public String toString() {
        return "KTM1:" + transaction + ":" + enlistment;
    }
}
