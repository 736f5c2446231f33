package dev.ktm.servers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Many transactions over the pool of a server and that of a database of this JVM, with random failures: in the end both have the
 * same rows, those of the transactions that were committed; nothing is prepared, and every connection is back.
 */
class RandomHarmTest {

    private static final long SEED = 4_711;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    @Tag("slow")
    @Timeout(300)
    void transactionsWithHarmLoseNothing(Kind kind) throws Exception {
        run(kind, 120);
    }

    @ParameterizedTest
    @EnumSource
    @Tag("campaign")
    void tenThousandTransactionsLoseNothing(Kind kind) throws Exception {
        run(kind, 10_000);
    }

    private void run(Kind kind, int transactions) throws Exception {
        var missing = kind.product().missing();
        Assumptions.assumeTrue(missing.isEmpty(), () -> kind + " is not tested: " + missing.orElseThrow());
        var beside = H2.client("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", Server.STOCK);
        beside.setUp();
        try (var server = Server.start(kind, directory.resolve("server"))) {
            var client = server.client(Server.ORDERS);
            var coordinator =
                    Coordinator.open(RandomHarm.options(directory.resolve("log")), Way.POOLED, client, beside);
            try (coordinator) {
                var harm = new RandomHarm(server, coordinator, SEED);

                harm.run(transactions);

                server.loseNext(Proxy.Loss.NOTHING);
                coordinator.settle(client, beside);
                coordinator.awaitIdle();
                assertThat(harm.harms()).isPositive();
                assertAgree(harm.results(), client, beside);
            }
            assertThat(coordinator.first().openConnections()).isZero();
            assertThat(coordinator.second().openConnections()).isZero();
        }
    }

    private static void assertAgree(Map<String, RandomHarm.Result> results, Client client, Client beside)
            throws Exception {
        var rows = client.drained();
        assertThat(rows).doesNotHaveDuplicates();
        assertThat(new TreeSet<>(rows)).isEqualTo(beside.committed());
        results.forEach((key, result) -> {
            switch (result) {
                case COMMITTED -> assertThat(rows.contains(key)).as(key).isTrue();
                case ROLLED_BACK -> assertThat(rows.contains(key)).as(key).isFalse();
                case UNKNOWN -> {}
            }
        });
        assertThat(results.values()).contains(RandomHarm.Result.COMMITTED, RandomHarm.Result.ROLLED_BACK);
    }
}
