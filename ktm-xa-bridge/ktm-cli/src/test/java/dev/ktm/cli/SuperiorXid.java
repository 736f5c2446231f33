package dev.ktm.cli;

import java.nio.charset.StandardCharsets;
import javax.transaction.xa.Xid;

/** The name that a superior gives a branch. */
record SuperiorXid(String global, String qualifier) implements Xid {

    @Override
    public int getFormatId() {
        return 4711;
    }

    @Override
    public byte[] getGlobalTransactionId() {
        return global.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] getBranchQualifier() {
        return qualifier.getBytes(StandardCharsets.UTF_8);
    }
}
