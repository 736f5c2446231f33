package dev.ktm.benchmark;

import dev.ktm.Ktm;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.XAConnection;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/**
 * One row in each of some databases, with connections that each caller keeps: the calls of XA made one after the other, or the
 * resources enlisted with a coordinator. What no data source can be better than.
 *
 * @param databases where rows are added
 * @param coordinator who makes the calls; empty for the caller itself
 */
record XaByHand(List<Inserts> databases, Optional<Ktm> coordinator) implements DurableLog {

    private static final int FORMAT = 7;
    private static final AtomicLong LAST = new AtomicLong();

    /** Any xid will do. */
    private record PlainXid(long global, int branch) implements Xid {
        @Override
        public int getFormatId() {
            return FORMAT;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return ByteBuffer.allocate(Long.BYTES).putLong(global).array();
        }

        @Override
        public byte[] getBranchQualifier() {
            return ByteBuffer.allocate(Integer.BYTES).putInt(branch).array();
        }
    }

    /** A connection of a caller. */
    private record Kept(Inserts inserts, XAResource resource, Connection connection) {
        static Kept of(Inserts inserts) throws SQLException {
            XAConnection connection = inserts.database().getXAConnection();
            return new Kept(inserts, connection.getXAResource(), connection.getConnection());
        }

        void insert() throws SQLException {
            inserts.insert(connection);
        }
    }

    @Override
    public Appender appender() {
        var kept = new ArrayList<Kept>();
        try {
            for (var database : databases) {
                kept.add(Kept.of(database));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return coordinator.isPresent() ? enlisted(coordinator.get(), kept) : () -> commit(kept);
    }

    private static void commit(List<Kept> all) throws XAException, SQLException {
        long global = LAST.incrementAndGet();
        var xids = new Xid[all.size()];
        for (int i = 0; i < xids.length; i++) {
            xids[i] = new PlainXid(global, i);
            all.get(i).resource().start(xids[i], XAResource.TMNOFLAGS);
            all.get(i).insert();
        }
        // As a transaction manager does it: one that is alone need not vote.
        boolean alone = all.size() == 1;
        for (int i = 0; i < xids.length; i++) {
            all.get(i).resource().end(xids[i], XAResource.TMSUCCESS);
            if (!alone) {
                all.get(i).resource().prepare(xids[i]);
            }
        }
        for (int i = 0; i < xids.length; i++) {
            all.get(i).resource().commit(xids[i], alone);
        }
    }

    private static Appender enlisted(Ktm ktm, List<Kept> all) {
        var manager = ktm.transactionManager();
        var named = new ArrayList<XAResource>();
        for (int i = 0; i < all.size(); i++) {
            named.add(ktm.named("database" + i, all.get(i).resource()));
        }
        return () -> {
            manager.begin();
            var transaction = manager.getTransaction();
            for (int i = 0; i < named.size(); i++) {
                transaction.enlistResource(named.get(i));
                all.get(i).insert();
            }
            manager.commit();
        };
    }

    @Override
    public void close() throws SQLException {
        coordinator.ifPresent(Ktm::close);
        for (var database : databases) {
            database.close();
        }
    }
}
