package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.tm.KtmTransaction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of KTM in the configuration of a server, rightly and wrongly. */
class ConfigurationTest {

    @TempDir
    Path directory;

    private Settings settings() {
        return Settings.shop(directory, "configuration");
    }

    /** The messages of a failure and of all that have led to it. */
    private static String messagesOf(Throwable failure) {
        var messages = new ArrayList<String>();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            messages.add(String.valueOf(each.getMessage()));
        }
        return String.join("\n", messages);
    }

    private void isRefused(Settings settings, String... parts) {
        assertThatThrownBy(() -> Server.start(settings))
                .satisfies(failure -> assertThat(messagesOf(failure)).contains(parts));
    }

    @Test
    void theLogIsBelowTheBaseOfTheServerUnlessSaidOtherwise() throws Exception {
        try (var server = Server.start(settings())) {
            assertThat(server.ktm().manager().logPath().orElseThrow())
                    .startsWith(directory.resolve("data/ktm-log").toString());
            assertThat(server.ktm().manager().isVolatile()).isFalse();
        }
    }

    @Test
    void aRelativeDirectoryIsBelowTheBaseOfTheServer() throws Exception {
        try (var server = Server.start(settings().with("transactions.LogDirectory", "elsewhere/log"))) {
            assertThat(server.ktm().manager().logPath().orElseThrow())
                    .startsWith(directory.resolve("elsewhere/log").toString());
        }
    }

    @Test
    void everyOptionCanBeSaid() throws Exception {
        var settings = settings()
                .with("transactions.inMemory", "true")
                .with("transactions.nodeName", "shop 1")
                .with("transactions.defaultTimeout", "PT30S")
                .with("transactions.recoveryInterval", "5")
                .with("transactions.parallel", "true")
                .with("transactions.resourceTimeout", "7");
        try (var server = Server.start(settings)) {
            assertThat(server.ktm().manager().isVolatile()).isTrue();
            server.shop.inTransaction(() -> {
                var transaction =
                        (KtmTransaction) Objects.requireNonNull(server.manager().getTransaction());
                assertThat(transaction.timeLeft().orElseThrow()).isLessThanOrEqualTo(Duration.ofSeconds(30));
            });
        }
        assertThat(directory.resolve("data")).doesNotExist();
    }

    @Test
    void anUnknownPropertyIsRefusedByItsName() {
        isRefused(settings().with("transactions.logDir", "x"), "transaction manager", "logDirectory", "found logDir");
    }

    @Test
    void aValueThatIsNoneIsRefusedByTheNameOfItsProperty() {
        isRefused(
                settings().with("transactions.defaultTimeout", "soon"),
                "transaction manager",
                "defaultTimeout",
                "soon");
        isRefused(settings().with("transactions.parallel", "perhaps"), "transaction manager", "parallel", "perhaps");
        isRefused(settings().with("transactions.logDirectory", " "), "transaction manager", "logDirectory");
    }

    @Test
    void twoPlacesForTheLogAreRefused() {
        isRefused(
                settings().with("transactions.inMemory", "true").with("transactions.logDirectory", "log"),
                "transaction manager",
                "logDirectory",
                "inMemory");
    }

    @Test
    void aDirectoryThatIsInUseIsRefusedByTheNameOfItsProperty() throws Exception {
        var log = directory.resolve("data/ktm-log");
        try (var other = Ktm.open(KtmOptions.builder().logDirectory(log).build())) {
            assertThat(other.manager().isOnline()).isTrue();
            isRefused(settings(), "transaction manager", "property logDirectory of", log.toString());
        }

        try (var server = Server.start(settings())) {
            assertThat(server.ktm().manager().isOnline()).isTrue();
        }
    }

    @Test
    void aDirectoryThatCannotBeMadeIsRefusedByTheNameOfItsProperty() throws Exception {
        Files.write(directory.resolve("data"), List.of("a file"));

        isRefused(settings(), "transaction manager", "property logDirectory of", "data");
    }
}
