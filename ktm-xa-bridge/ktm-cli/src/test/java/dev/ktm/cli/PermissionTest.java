package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktm.log.testing.Conforms;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the tool says to a user whose coordinator it is not. Only root can play another user. */
class PermissionTest {

    private static final String SET_USER = "/usr/bin/setpriv";

    private Path place = Path.of("");

    /** A directory that everybody may enter, with everything that a JVM of another user needs. */
    @BeforeEach
    void makePlace() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root") && Files.isExecutable(Path.of(SET_USER)));
        place = Files.createTempDirectory("ktm-permission");
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void removePlace() throws IOException {
        if (!place.toString().isEmpty()) {
            try (var files = Files.walk(place)) {
                files.sorted(Comparator.reverseOrder()).forEach(each -> {
                    try {
                        Files.delete(each);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        }
    }

    @Test
    @Conforms("OPS-12")
    void whoeverIsSomebodyElseCanNeitherListNorForce() throws Exception {
        try (var site = new Site(place)) {
            site.prepareUnderSuperior("order-1");
            var unit = site.onlyTransaction();

            for (var words : new String[][] {
                {"list", "tms"},
                {"list", "transactions"},
                {"show", unit},
                {"resolve", "commit", unit, "--yes", "--reason", "mine now"},
                {"force", "rollback", unit, "--yes", "--reason", "mine now"},
                {"forget", unit, "--yes", "--reason", "mine now"}
            }) {
                var spoken = byNobody(words, "--channels", site.channels.toString());

                assertThat(spoken.code()).as(String.join(" ", words) + spoken).isEqualTo(5);
                assertThat(spoken.err()).contains("no permission").doesNotContain(unit);
            }
            assertThat(site.onlyTransaction()).isEqualTo(unit);
            assertThat(site.ktm.manager().operatorActs()).isEmpty();
        }
    }

    @Test
    @Conforms("OPS-12")
    void whoeverIsSomebodyElseCannotReadAStoppedLog() throws Exception {
        try (var site = new Site(place)) {
            site.prepareUnderSuperior("order-1");
        }
        var log = place.resolve("log").toString();

        for (var words : new String[][] {
            {"list", "transactions", "--log", log},
            {"log", "verify", log},
            {"log", "dump", log}
        }) {
            var spoken = byNobody(words);

            assertThat(spoken.code()).as(String.join(" ", words) + spoken).isEqualTo(5);
            assertThat(spoken.err()).contains("no permission", log);
            assertThat(spoken.out()).isEmpty();
        }
    }

    @Test
    void aFileOfALogThatMayNotBeReadIsAMatterOfPermissionAndNoDamage() throws Exception {
        new Site(place).close();
        var log = place.resolve("log");
        Files.setPosixFilePermissions(log, PosixFilePermissions.fromString("rwxr-xr-x"));
        for (var readable : List.of("ktm.blf", "ktm-2.log")) {
            Files.setPosixFilePermissions(log.resolve(readable), PosixFilePermissions.fromString("rw-r--r--"));
        }
        var container = log.resolve("ktm-1.log").toString();

        var doctor = byNobody(new String[] {"doctor", "--log", log.toString()});
        var verified = byNobody(new String[] {"log", "verify", log.toString(), "--json"});

        assertThat(doctor.code()).as(doctor.toString()).isEqualTo(ExitCode.WRONG.number());
        assertThat(doctor.out())
                .contains("no permission to read " + container, "run as the user that owns the log, or as root")
                .doesNotContain("AccessDenied", "see to the disk");
        assertThat(verified.code()).as(verified.toString()).isEqualTo(ExitCode.NOT_ALLOWED.number());
        assertThat(verified.json().at("/error/code").asText()).isEqualTo("UNAUTHORIZED");
        assertThat(verified.json().at("/error/message").asText()).contains(container);
    }

    private Spoken byNobody(String[] words, String... more) throws Exception {
        var command = new ArrayList<>(List.of(
                SET_USER, "--reuid=65534", "--regid=65534", "--clear-groups", java(), "-cp", readableClassPath()));
        command.add(KtmTool.class.getName());
        command.addAll(List.of(words));
        command.addAll(List.of(more));
        var process = new ProcessBuilder(command).directory(place.toFile()).start();
        process.getOutputStream().close();
        var err = process.getErrorStream();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var complained = new String(err.readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return new Spoken(process.exitValue(), said, complained);
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The classes of this test's own class path may be where nobody else may look. */
    private String readableClassPath() throws IOException {
        var copies = place.resolve("classes");
        if (!Files.exists(copies)) {
            Files.createDirectory(copies);
            int number = 0;
            for (var entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                if (isNeeded(entry)) {
                    copy(Path.of(entry), copies.resolve(number++ + (Files.isDirectory(Path.of(entry)) ? "" : ".jar")));
                }
            }
        }
        try (var entries = Files.list(copies)) {
            return String.join(
                    File.pathSeparator, entries.map(Path::toString).sorted().toList());
        }
    }

    private static boolean isNeeded(String entry) {
        return Files.exists(Path.of(entry))
                && (Files.isDirectory(Path.of(entry))
                        || Stream.of("ktm", "picocli", "jackson", "jakarta", "jboss")
                                .anyMatch(entry::contains))
                && !entry.endsWith("test-classes");
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var files = Files.walk(from)) {
            for (var each : files.toList()) {
                var target = from.equals(each)
                        ? to
                        : to.resolve(from.relativize(each).toString());
                if (Files.isDirectory(each)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(each, target);
                }
            }
        }
    }
}
