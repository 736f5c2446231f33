package dev.ktm.file;

import javax.transaction.xa.Xid;

/** An xid of another transaction manager. */
record ForeignXid(int number) implements Xid {

    @Override
    public int getFormatId() {
        return 4711;
    }

    @Override
    public byte[] getGlobalTransactionId() {
        return new byte[] {(byte) number};
    }

    @Override
    public byte[] getBranchQualifier() {
        return new byte[] {1};
    }
}
