package dev.ktm.agroal;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import io.agroal.api.AgroalDataSource;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A process of its own that commits one transaction in two databases of Agroal, and dies on the way. */
final class Committer {

    /** The exit code of a death that was wanted. */
    static final int KILLED = 42;

    /** The resource that dies. It has nothing that could be recovered. */
    static final String MORTAL = "mortal";

    /** When the process dies. */
    enum Death {
        BEFORE_THE_DECISION,
        BEFORE_THE_FIRST_COMMIT,
        BETWEEN_THE_COMMITS,
        /** Nobody lists a branch any more, and the log does not know. */
        AFTER_BOTH_COMMITS
    }

    private Committer() {}

    /** Arguments: a directory, where to die. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var death = Death.valueOf(arguments[1]);
        var ktm = open(directory);
        var orders = pool(ktm, directory, "orders");
        var stock = pool(ktm, directory, "stock");
        var mortal = ktm.named(MORTAL, new Mortal(death));
        var manager = ktm.transactionManager();
        manager.begin();
        // Resources are told one after the other, in the order of their enlistment.
        if (death == Death.BEFORE_THE_FIRST_COMMIT) {
            manager.getTransaction().enlistResource(mortal);
        }
        Pools.insert(orders, "entry");
        if (death == Death.BETWEEN_THE_COMMITS) {
            manager.getTransaction().enlistResource(mortal);
        }
        Pools.insert(stock, "entry");
        if (death == Death.BEFORE_THE_DECISION || death == Death.AFTER_BOTH_COMMITS) {
            manager.getTransaction().enlistResource(mortal);
        }
        manager.commit();
        Runtime.getRuntime().halt(0);
    }

    static Ktm open(Path directory) {
        var ktm = Ktm.open(KtmOptions.builder()
                .logDirectory(directory.resolve("log"))
                .recoveryInterval(Duration.ofHours(1))
                .build());
        ktm.register(MORTAL, () -> new Mortal(null));
        return ktm;
    }

    static AgroalDataSource pool(Ktm ktm, Path directory, String name) throws SQLException {
        return Pools.open(ktm, name, Pools.url(directory, name));
    }

    /** Takes the process with it; in recovery it has nothing to tell. */
    private record Mortal(@org.jspecify.annotations.Nullable Death death) implements XAResource {

        @Override
        public int prepare(Xid xid) {
            if (death == Death.BEFORE_THE_DECISION) {
                Runtime.getRuntime().halt(KILLED);
            }
            return XA_OK;
        }

        @Override
        public void commit(Xid xid, boolean onePhase) {
            if (death != null) {
                Runtime.getRuntime().halt(KILLED);
            }
        }

        @Override
        public Xid[] recover(int flags) {
            return new Xid[0];
        }

        @Override
        public void start(Xid xid, int flags) {}

        @Override
        public void end(Xid xid, int flags) {}

        @Override
        public void rollback(Xid xid) {}

        @Override
        public void forget(Xid xid) {}

        @Override
        public boolean isSameRM(XAResource other) {
            return false;
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
}
