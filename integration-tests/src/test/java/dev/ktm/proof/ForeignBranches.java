package dev.ktm.proof;

import dev.ktm.servers.Kind;
import dev.ktm.servers.Server;
import dev.ktm.servers.Session;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/**
 * Branches that others have prepared in a server: another transaction manager, and another KTM, whose identity is all that tells its
 * branches from those of this one. They hold a row of a table, or a message, that nobody else touches.
 *
 * @param kind of which server
 * @param xids which they are
 */
record ForeignBranches(Kind kind, List<Xid> xids) {

    private static final int OTHER_FORMAT = 4711;
    /** That of KTM. */
    private static final int SAME_FORMAT = 0x4B544D31;

    private static final class Branch implements Xid {
        private final int format;
        private final byte[] global;
        private final byte[] qualifier;

        Branch(int format, byte[] global, byte[] qualifier) {
            this.format = format;
            this.global = global;
            this.qualifier = qualifier;
        }

        @Override
        public int getFormatId() {
            return format;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return global.clone();
        }

        @Override
        public byte[] getBranchQualifier() {
            return qualifier.clone();
        }
    }

    /** Prepares both. Their connections stay open until they are cut: an orderly end takes a branch with it in some products. */
    static ForeignBranches prepare(Kind kind, Server server) throws Exception {
        var client = kind.client(server.proxyPort(), Server.STOCK);
        var xids = new ArrayList<Xid>();
        for (var xid : List.of(ofAnotherManager(), ofAnotherKtm())) {
            var session = client.open();
            session.xaResource().start(xid, XAResource.TMNOFLAGS);
            session.write("foreign " + xid.getFormatId());
            session.xaResource().end(xid, XAResource.TMSUCCESS);
            session.xaResource().prepare(xid);
            xids.add(xid);
        }
        server.cutConnections();
        return new ForeignBranches(kind, xids);
    }

    private static Xid ofAnotherManager() {
        return new Branch(OTHER_FORMAT, bytes(UUID.randomUUID()), new byte[] {1});
    }

    private static Xid ofAnotherKtm() {
        var global = ByteBuffer.allocate(4 * Long.BYTES)
                .put(bytes(UUID.randomUUID()))
                .putLong(1)
                .putLong(1);
        return new Branch(SAME_FORMAT, global.array(), bytes(UUID.randomUUID()));
    }

    private static byte[] bytes(UUID id) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
    }

    /** What a server has prepared. */
    static List<Xid> listed(Kind kind, int port) throws Exception {
        try (Session session = kind.client(port, Server.STOCK).open()) {
            return List.of(session.xaResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN));
        }
    }

    /** Those of these that are not listed. */
    List<Xid> missingIn(List<Xid> listed) {
        return xids.stream()
                .filter(xid -> listed.stream().noneMatch(each -> isSame(each, xid)))
                .toList();
    }

    /** Those that are listed and are none of these. */
    List<Xid> others(List<Xid> listed) {
        return listed.stream()
                .filter(each -> xids.stream().noneMatch(xid -> isSame(each, xid)))
                .toList();
    }

    static boolean isSame(Xid one, Xid other) {
        return one.getFormatId() == other.getFormatId()
                && Arrays.equals(one.getGlobalTransactionId(), other.getGlobalTransactionId())
                && Arrays.equals(one.getBranchQualifier(), other.getBranchQualifier());
    }

    /** For people. */
    static String nameOf(Xid xid) {
        var hex = HexFormat.of();
        return xid.getFormatId() + ":" + hex.formatHex(xid.getGlobalTransactionId()) + ":"
                + hex.formatHex(xid.getBranchQualifier());
    }
}
