package dev.ktm.benchmark;

import dev.ktm.Ktm;
import jakarta.jms.JMSException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.XAConnection;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/**
 * One row in each of some databases, and a message, with connections that each caller keeps: the calls of XA made one after the other, or the
 * resources enlisted with a coordinator. What no data source can be better than.
 *
 * @param site where rows are added, and messages sent
 * @param coordinator who makes the calls; empty for the caller itself
 */
record XaByHand(Site site, Optional<Ktm> coordinator) implements DurableLog {

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
    private record Kept(XAResource resource, DurableLog.Appender work) {
        static Kept of(Inserts inserts) throws SQLException {
            XAConnection xa = inserts.database().getXAConnection();
            Connection connection = xa.getConnection();
            return new Kept(xa.getXAResource(), () -> inserts.insert(connection));
        }

        static Kept of(QueueBroker broker) throws JMSException {
            var session = broker.factory().createXAConnection().createXASession();
            var producer = session.createProducer(session.createQueue(QueueBroker.QUEUE));
            return new Kept(
                    session.getXAResource(), () -> producer.send(session.createTextMessage(QueueBroker.MESSAGE)));
        }
    }

    XaByHand(List<Inserts> databases, Optional<Ktm> coordinator) {
        this(new Site(databases, Optional.empty()), coordinator);
    }

    @Override
    public Appender appender() {
        var kept = new ArrayList<Kept>();
        try {
            for (var database : site.databases()) {
                kept.add(Kept.of(database));
            }
            if (site.broker().isPresent()) {
                site.broker().get().purge();
                kept.add(Kept.of(site.broker().get()));
            }
        } catch (SQLException | JMSException e) {
            throw new IllegalStateException(e);
        }
        return coordinator.isPresent() ? enlisted(coordinator.get(), kept) : () -> commit(kept);
    }

    private static void commit(List<Kept> all) throws Exception {
        long global = LAST.incrementAndGet();
        var xids = new Xid[all.size()];
        for (int i = 0; i < xids.length; i++) {
            xids[i] = new PlainXid(global, i);
            all.get(i).resource().start(xids[i], XAResource.TMNOFLAGS);
            all.get(i).work().appendForced();
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
                all.get(i).work().appendForced();
            }
            manager.commit();
        };
    }

    @Override
    public void close() throws Exception {
        coordinator.ifPresent(Ktm::close);
        site.close();
    }
}
