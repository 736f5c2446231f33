package dev.ktm.glassfish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.transaction.TransactionManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that starts and stops. */
@Tag("slow")
@Tag("not-payara")
class LifecycleTest {

    @TempDir
    private Path directory;

    @Test
    void aServerStartsStopsAndStartsAgainOnOneLog() throws Exception {
        var log = directory.resolve("log");
        var options = Map.of("logDirectory", log.toString(), "nodeName", "one", "defaultTimeout", "PT1M0.5S");

        try (var server = EmbeddedServer.start(directory.resolve("server"), options)) {
            var identity = server.ktm().manager().identity();
            assertThat(server.ktm().manager().incarnation()).isOne();
            assertThat(((ServerTransactionManager) server.service(TransactionManager.class)).getEffectiveTimeout())
                    .isEqualTo(61);

            server.stop();
            assertThat(threadsOf(identity.toString())).isEmpty();
            server.start();

            assertThat(server.ktm().manager().identity()).isEqualTo(identity);
            assertThat(server.ktm().manager().incarnation()).isEqualTo(2);
            var manager = server.service(TransactionManager.class);
            manager.begin();
            manager.commit();
        }
        try (var another = EmbeddedServer.start(directory.resolve("server"), options)) {
            assertThat(another.ktm().manager().incarnation()).isEqualTo(3);
        }

        assertThat(log).isNotEmptyDirectory();
        assertThat(threadsOf("ktm ")).isEmpty();
    }

    /** The threads of this name that do not end in time. */
    private static List<Thread> threadsOf(String name) throws InterruptedException {
        var found = Thread.getAllStackTraces().keySet().stream()
                .filter(each -> each.getName().contains(name))
                .toList();
        for (var thread : found) {
            thread.join(10_000);
        }
        return found.stream().filter(Thread::isAlive).toList();
    }

    @Test
    void aPropertyThatIsNoneStopsTheStartAndIsNamed() {
        assertThatThrownBy(() -> EmbeddedServer.start(directory.resolve("server"), Map.of("logDir", "x"))
                        .close())
                .hasMessageContaining("property ktm.logDir: expected one of logDirectory,");
    }

    @Test
    void aLogThatCannotBeOpenedStopsTheStartAndIsNamed() throws Exception {
        var log = directory.resolve("log");
        Files.writeString(log, "not a directory");

        assertThatThrownBy(
                        () -> EmbeddedServer.start(directory.resolve("server"), Map.of("logDirectory", log.toString()))
                                .close())
                .hasMessageContaining(log.toString());
    }
}
