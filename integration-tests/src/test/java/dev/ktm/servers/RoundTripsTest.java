package dev.ktm.servers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.KtmOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A transaction through the pool asks the server no more often than the same XA calls by hand. */
@Tag("slow")
@Timeout(120)
class RoundTripsTest {

    private static final int TRANSACTIONS = 50;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB"})
    void thePoolAsksNoMoreOftenThanCallsByHand(Kind kind) throws Exception {
        var missing = kind.product().missing();
        Assumptions.assumeTrue(missing.isEmpty(), () -> kind + " is not tested: " + missing.orElseThrow());
        try (var server = Server.start(kind, directory.resolve("server"))) {
            int byHand = byHand(server, false);
            int byHandInOnePhase = byHand(server, true);
            int pooled = pooled(server, false);
            int pooledInOnePhase = pooled(server, true);

            assertThat(pooled)
                    .as("%d transactions, by hand in %d round trips", TRANSACTIONS, byHand)
                    .isPositive()
                    .isLessThanOrEqualTo(byHand);
            assertThat(pooledInOnePhase)
                    .as("%d transactions in one phase, by hand in %d round trips", TRANSACTIONS, byHandInOnePhase)
                    .isPositive()
                    .isLessThanOrEqualTo(byHandInOnePhase);
        }
    }

    private static int byHand(Server server, boolean onePhase) throws Exception {
        try (var session = server.client(Server.ORDERS).open()) {
            byHand(session, onePhase, 0);
            int before = server.roundTrips();
            for (int i = 1; i <= TRANSACTIONS; i++) {
                byHand(session, onePhase, i);
            }
            return server.roundTrips() - before;
        }
    }

    private static void byHand(Session session, boolean onePhase, int number) throws Exception {
        var xid = new NumberedXid(number);
        var resource = session.xaResource();
        resource.start(xid, XAResource.TMNOFLAGS);
        session.write("by hand " + onePhase + number);
        resource.end(xid, XAResource.TMSUCCESS);
        if (!onePhase) {
            resource.prepare(xid);
        }
        resource.commit(xid, onePhase);
    }

    private int pooled(Server server, boolean onePhase) throws Exception {
        var beside = H2.client("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", Server.STOCK);
        beside.setUp();
        var options = KtmOptions.builder().logDirectory(directory.resolve("log"));
        try (var coordinator = Coordinator.open(options, Way.POOLED, server.client(Server.ORDERS), beside);
                var first = coordinator.first().open();
                var second = coordinator.second().open()) {
            var manager = coordinator.ktm().transactionManager();
            int before = 0;
            for (int i = 0; i <= TRANSACTIONS; i++) {
                manager.begin();
                first.write("pooled " + onePhase + i);
                if (!onePhase) {
                    second.write("pooled " + i);
                }
                manager.commit();
                // The first one has opened a connection.
                before = i == 0 ? server.roundTrips() : before;
            }
            return server.roundTrips() - before;
        }
    }

    /** A branch of nobody's format. */
    private record NumberedXid(int number) implements Xid {
        @Override
        public int getFormatId() {
            return 1;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }
}
