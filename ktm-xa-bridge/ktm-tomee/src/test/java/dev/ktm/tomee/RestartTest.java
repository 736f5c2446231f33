package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.tm.TransactionManagers;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that stops leaves nothing of KTM behind, and the next one goes on with the same log. */
class RestartTest {

    @TempDir
    Path directory;

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(each -> each.getName().startsWith("ktm")
                        || each.getName().startsWith(TransactionManagers.TIMEOUT_THREAD))
                .toList();
    }

    /** A thread that has nothing left to do may take a moment to end. */
    private static void areGone(List<Thread> threads) throws InterruptedException {
        for (var each : threads) {
            each.join(10_000);
            assertThat(each.isAlive()).as(each.getName()).isFalse();
        }
        assertThat(threads()).isEmpty();
    }

    @Test
    void theNextServerGoesOnWithTheLogOfTheFormer() throws Exception {
        var settings = Settings.shop(directory, "restart");
        final Object identity;
        final long incarnation;
        try (var server = Server.start(settings)) {
            server.shop.makeTables();
            server.shop.sell("lamp");
            identity = server.ktm().manager().identity();
            incarnation = server.ktm().manager().incarnation();
            assertThat(threads()).isNotEmpty();
        }
        areGone(threads());

        try (var server = Server.start(settings)) {
            server.shop.sell("clock");

            assertThat(server.shop.sold()).containsExactly("clock", "lamp");
            assertThat(server.shop.noted()).containsExactly("clock", "lamp");
            assertThat(server.ktm().manager().identity()).isEqualTo(identity);
            assertThat(server.ktm().manager().incarnation()).isGreaterThan(incarnation);
        }
        areGone(threads());
    }

    @Test
    void theLogIsFreeWhenTheServerHasStopped() throws Exception {
        try (var server = Server.start(Settings.shop(directory, "free"))) {
            assertThat(server.ktm().manager().isOnline()).isTrue();
        }

        var options = KtmOptions.builder().logDirectory(directory.resolve(KtmFactory.DEFAULT_LOG_DIRECTORY));
        try (var ktm = Ktm.open(options.build())) {
            assertThat(ktm.manager().isOnline()).isTrue();
        }
    }
}
