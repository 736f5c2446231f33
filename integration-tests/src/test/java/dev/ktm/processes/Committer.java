package dev.ktm.processes;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.nio.file.Path;
import java.time.Duration;
import javax.sql.XADataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.h2.jdbcx.JdbcDataSource;

/** A process that commits one transaction over two databases, and dies on the way if it is told to. */
public final class Committer {

    /** Where the process dies. */
    enum Death {
        NEVER,
        /** When the first database has prepared. */
        BEFORE_THE_SECOND_VOTE,
        /** When it is decided, and the first database has committed. */
        BEFORE_THE_SECOND_COMMIT,
        /** It does nothing but recover. */
        RECOVERS_ONLY
    }

    private Committer() {}

    static XADataSource database(String url) {
        var database = new JdbcDataSource();
        database.setURL(url);
        database.setUser("sa");
        database.setPassword("");
        return database;
    }

    static Ktm open(Path log, XADataSource orders, XADataSource stock) {
        var ktm = Ktm.open(KtmOptions.builder()
                .logDirectory(log)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        ktm.register("orders", orders);
        ktm.register("stock", stock);
        return ktm;
    }

    /** Arguments: log directory, URL of each database, what to insert, where to die. */
    public static void main(String[] arguments) throws Exception {
        var orders = database(arguments[1]);
        var stock = database(arguments[2]);
        var death = Death.valueOf(arguments[4]);
        try (var ktm = open(Path.of(arguments[0]), orders, stock)) {
            if (death == Death.RECOVERS_ONLY) {
                ktm.recoverNow();
                ktm.recoverNow();
            } else {
                commit(ktm, orders, stock, Integer.parseInt(arguments[3]), death);
            }
        }
    }

    static void commit(Ktm ktm, XADataSource orders, XADataSource stock, int value, Death death) throws Exception {
        var first = orders.getXAConnection();
        var second = stock.getXAConnection();
        var manager = ktm.transactionManager();
        manager.begin();
        manager.getTransaction().enlistResource(ktm.named("orders", first.getXAResource()));
        manager.getTransaction().enlistResource(ktm.named("stock", new Mortal(second.getXAResource(), death)));
        for (var connection : new java.sql.Connection[] {first.getConnection(), second.getConnection()}) {
            try (var statement = connection.createStatement()) {
                statement.execute("INSERT INTO t VALUES (" + value + ")");
            }
        }
        manager.commit();
        first.close();
        second.close();
    }

    /** A resource that takes the process with it. */
    private record Mortal(XAResource resource, Death death) implements XAResource {

        private void dieIf(Death here) {
            if (death == here) {
                Runtime.getRuntime().halt(9);
            }
        }

        @Override
        public int prepare(Xid xid) throws XAException {
            dieIf(Death.BEFORE_THE_SECOND_VOTE);
            return resource.prepare(xid);
        }

        @Override
        public void commit(Xid xid, boolean onePhase) throws XAException {
            dieIf(Death.BEFORE_THE_SECOND_COMMIT);
            resource.commit(xid, onePhase);
        }

        @Override
        public void rollback(Xid xid) throws XAException {
            resource.rollback(xid);
        }

        @Override
        public void start(Xid xid, int flags) throws XAException {
            resource.start(xid, flags);
        }

        @Override
        public void end(Xid xid, int flags) throws XAException {
            resource.end(xid, flags);
        }

        @Override
        public void forget(Xid xid) throws XAException {
            resource.forget(xid);
        }

        @Override
        public Xid[] recover(int flags) throws XAException {
            return resource.recover(flags);
        }

        @Override
        public boolean isSameRM(XAResource other) throws XAException {
            return resource.isSameRM(other);
        }

        @Override
        public int getTransactionTimeout() throws XAException {
            return resource.getTransactionTimeout();
        }

        @Override
        public boolean setTransactionTimeout(int seconds) throws XAException {
            return resource.setTransactionTimeout(seconds);
        }
    }
}
