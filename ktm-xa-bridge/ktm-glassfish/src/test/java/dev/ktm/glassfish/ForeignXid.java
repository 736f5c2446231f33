package dev.ktm.glassfish;

import java.nio.charset.StandardCharsets;
import javax.transaction.xa.Xid;

/** What a foreign transaction manager calls its branch. */
record ForeignXid(String name) implements Xid {

    @Override
    public int getFormatId() {
        return 4711;
    }

    @Override
    public byte[] getGlobalTransactionId() {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] getBranchQualifier() {
        return new byte[] {1};
    }
}
