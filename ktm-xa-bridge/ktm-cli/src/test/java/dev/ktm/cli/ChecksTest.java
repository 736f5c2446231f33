package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ktm.cli.Finding.Grade;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What doctor finds. */
class ChecksTest {

    @TempDir
    private Path directory;

    private static List<String> faults(List<Finding> findings) {
        return findings.stream()
                .filter(each -> each.grade() == Grade.FAULT)
                .map(each -> each.lookedAt() + ": " + each.found() + " -> " + each.fix())
                .toList();
    }

    private List<Finding> channels(Path channels) {
        return EnvironmentChecks.channels(Channels.of(channels, Map.of())).findings();
    }

    private List<Finding> log() {
        return new LogChecks(directory.resolve("log"), Clock.systemUTC(), false).run();
    }

    @Test
    void aJavaThatIsTooOldIsAFault() {
        assertThat(EnvironmentChecks.java(11).grade()).isEqualTo(Grade.FAULT);
        assertThat(EnvironmentChecks.java(17).grade()).isEqualTo(Grade.OK);
    }

    @Test
    void channelsThatOthersMayEnterAreAFault() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));

        assertThat(faults(channels(directory)))
                .singleElement()
                .asString()
                .contains("rwxr-xr-x", "chmod 700 " + directory);
    }

    @Test
    void channelsBehindALinkAreAFault() throws IOException {
        var link =
                Files.createSymbolicLink(directory.resolve("link"), Files.createDirectory(directory.resolve("real")));

        assertThat(faults(channels(link))).isNotEmpty();
        assertThat(faults(channels(link)).get(0)).contains("a link or a file", "remove it");
    }

    private static List<Finding> configuration(String manager, String resourceManagers) throws IOException {
        var json = new ObjectMapper();
        return ConfigurationChecks.of("coordinator x", json.readTree(manager), json.readTree(resourceManagers));
    }

    @Test
    void aCoordinatorWithoutALogIsAWarning() throws IOException {
        assertThat(configuration("{\"isVolatile\":false}", "[]")).isEmpty();
        assertThat(configuration("{\"isVolatile\":true}", "[]")).singleElement().satisfies(each -> {
            assertThat(each.grade()).isEqualTo(Grade.WARNING);
            assertThat(each.found()).contains("no log");
        });
    }

    @Test
    void branchesThatWaitForWhoIsNotRegisteredAreAFault() throws IOException {
        assertThat(configuration("{}", "[{\"name\":\"a\",\"isRegistered\":true,\"pending\":2}]"))
                .isEmpty();
        assertThat(configuration("{}", "[{\"name\":\"a\",\"isRegistered\":false,\"pending\":0}]"))
                .isEmpty();
        assertThat(faults(configuration("{}", "[{\"name\":\"orders\",\"isRegistered\":false,\"pending\":2}]")))
                .singleElement()
                .asString()
                .contains("orders", "2 branches wait there", "give it its old name back");
        assertThat(faults(configuration("{}", "[{\"name\":\"orders\",\"isRegistered\":false,\"pending\":1}]")))
                .singleElement()
                .asString()
                .contains("1 branch waits there");
    }

    @Test
    void aLogThatIsGoneIsAFault() {
        assertThat(faults(log())).singleElement().asString().contains("no such directory", "restore it");
    }

    @Test
    void aLogThatOthersMayReplaceIsAFault() throws Exception {
        new Site(directory).close();
        Files.setPosixFilePermissions(directory.resolve("log"), PosixFilePermissions.fromString("rwxrwxr-x"));

        assertThat(faults(log())).singleElement().asString().contains("rwxrwxr-x", "chmod go-w");
    }

    @Test
    void aClockThatWasSetBackIsAFault() throws Exception {
        new Site(directory).close();
        var before = Clock.fixed(Instant.now().minus(Duration.ofMinutes(210)), ZoneOffset.UTC);

        var found = faults(new LogChecks(directory.resolve("log"), before, false).run());

        assertThat(found).singleElement().asString().contains("clock", "3 h from now", "set the clock");
    }

    @Test
    void aLogThatIsWellHasNoFault() throws Exception {
        new Site(directory).close();

        assertThat(faults(log())).isEmpty();
        assertThat(log()).extracting(Finding::lookedAt).anyMatch(each -> each.endsWith("contents"));
    }

    @Test
    void aLogWhoseOwnerDoesNotAnswerIsAWarning() throws Exception {
        try (var site = new Site(directory)) {
            assertThat(log())
                    .filteredOn(each ->
                            each.grade() == Grade.WARNING && each.lookedAt().endsWith("owner"))
                    .singleElement()
                    .satisfies(each -> assertThat(each.found())
                            .contains(String.valueOf(ProcessHandle.current().pid()), "does not answer"));
            assertThat(site.ask("doctor", "--log", site.log.toString()).out()).doesNotContain("does not answer");
        }
    }
}
