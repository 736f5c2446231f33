package dev.ktm.benchmark;

import dev.ktm.rm.TransactionId;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/** A resource manager in memory with branches that are prepared, which notes how long it takes itself. Thread-safe. */
final class PreparedBranches implements XAResource {

    /** "KTM1". */
    private static final int FORMAT_ID = 0x4B544D31;

    private final Map<ByteBuffer, Xid> prepared = new LinkedHashMap<>();
    private long ownNanos;
    private volatile boolean empty;

    /** One that has prepared a branch of each transaction from this one on. */
    PreparedBranches(TransactionId first, int branch, int number) {
        for (int i = 0; i < number; i++) {
            long sequence = first.sequence() + i;
            var xid = new Branch(
                    new TransactionId(first.manager(), first.incarnation(), sequence).toBytes(),
                    ByteBuffer.allocate(2 * Long.BYTES)
                            .putLong(sequence)
                            .putLong(branch)
                            .array());
            prepared.put(key(xid), xid);
        }
    }

    private static ByteBuffer key(Xid xid) {
        byte[] global = xid.getGlobalTransactionId();
        byte[] qualifier = xid.getBranchQualifier();
        return ByteBuffer.allocate(global.length + qualifier.length)
                .put(global)
                .put(qualifier)
                .flip();
    }

    /** Whether all are finished. */
    boolean isEmpty() {
        return empty;
    }

    /** What its calls took together, in seconds. */
    synchronized double ownSeconds() {
        return ownNanos / 1e9;
    }

    @Override
    public synchronized Xid[] recover(int flags) {
        long start = System.nanoTime();
        var all = (flags & TMSTARTRSCAN) == 0 ? new Xid[0] : prepared.values().toArray(Xid[]::new);
        ownNanos += System.nanoTime() - start;
        return all;
    }

    @Override
    public synchronized void commit(Xid xid, boolean onePhase) throws XAException {
        long start = System.nanoTime();
        boolean known = prepared.remove(key(xid)) != null;
        empty = prepared.isEmpty();
        ownNanos += System.nanoTime() - start;
        if (!known) {
            throw new XAException(XAException.XAER_NOTA);
        }
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        throw unexpected();
    }

    @Override
    public void forget(Xid xid) throws XAException {
        throw unexpected();
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        throw unexpected();
    }

    @Override
    public void end(Xid xid, int flags) throws XAException {
        throw unexpected();
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        throw unexpected();
    }

    private static XAException unexpected() {
        return new XAException(XAException.XAER_PROTO);
    }

    @Override
    public boolean isSameRM(XAResource other) {
        return other == this;
    }

    @Override
    public int getTransactionTimeout() {
        return 0;
    }

    @Override
    public boolean setTransactionTimeout(int seconds) {
        return false;
    }

    /** The name of a branch as a driver reads it from its database. */
    private static final class Branch implements Xid {
        private final byte[] global;
        private final byte[] qualifier;

        Branch(byte[] global, byte[] qualifier) {
            this.global = global;
            this.qualifier = qualifier;
        }

        @Override
        public int getFormatId() {
            return FORMAT_ID;
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
            return other instanceof Branch that
                    && Arrays.equals(global, that.global)
                    && Arrays.equals(qualifier, that.qualifier);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(global) + Arrays.hashCode(qualifier);
        }
    }
}
