package dev.ktm.glassfish;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A branch with nothing in it: it writes into a file what it is told, and which coordinator has named it. */
final class WitnessedBranch implements XAResource {

    private final Path file;

    WitnessedBranch(Path file) {
        this.file = file;
    }

    @Override
    public void start(Xid xid, int flags) {
        witness("start", xid);
    }

    @Override
    public void end(Xid xid, int flags) {}

    @Override
    public int prepare(Xid xid) {
        witness("prepare", xid);
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) {
        witness("commit", xid);
    }

    @Override
    public void rollback(Xid xid) {
        witness("rollback", xid);
    }

    private void witness(String told, Xid xid) {
        var global = ByteBuffer.wrap(xid.getGlobalTransactionId());
        var line = told + " " + new UUID(global.getLong(), global.getLong()) + "\n";
        try {
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void forget(Xid xid) {}

    @Override
    public Xid[] recover(int flag) {
        return new Xid[0];
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
}
