package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.tm.TransactionManagers;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that stops leaves nothing of KTM behind, and the next one goes on with the same log. */
class RestartTest {

    @TempDir
    Path directory;

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("ktm") || name.startsWith(TransactionManagers.TIMEOUT_THREAD))
                .collect(Collectors.toSet());
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
        assertThat(threads()).isEmpty();

        try (var server = Server.start(settings)) {
            server.shop.sell("clock");

            assertThat(server.shop.sold()).containsExactly("clock", "lamp");
            assertThat(server.shop.noted()).containsExactly("clock", "lamp");
            assertThat(server.ktm().manager().identity()).isEqualTo(identity);
            assertThat(server.ktm().manager().incarnation()).isGreaterThan(incarnation);
        }
        assertThat(threads()).isEmpty();
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
