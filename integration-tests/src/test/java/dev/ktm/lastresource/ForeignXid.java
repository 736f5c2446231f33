package dev.ktm.lastresource;

import javax.transaction.xa.Xid;

/** A transaction of somebody else. */
final class ForeignXid implements Xid {

    @Override
    public int getFormatId() {
        return 99;
    }

    @Override
    public byte[] getGlobalTransactionId() {
        return new byte[] {1, 2, 3};
    }

    @Override
    public byte[] getBranchQualifier() {
        return new byte[] {4};
    }
}
