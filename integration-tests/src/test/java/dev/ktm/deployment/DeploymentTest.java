package dev.ktm.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.servers.Kind;
import dev.ktm.servers.Server;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job as a user starts it, and started wrong. */
class DeploymentTest {

    private final StringWriter printed = new StringWriter();

    private int run(String... arguments) {
        return Deployment.run(new PrintWriter(printed, true), arguments);
    }

    @Test
    @Conforms("JTA-21")
    @Tag("slow")
    void atEveryStepOfTheProtocolAllAgree(@TempDir Path directory) {
        var steps = EnumSet.range(CrashPoint.BEFORE_FIRST_VOTE, CrashPoint.AFTER_LAST_COMMIT);
        int status = run(
                "--releases",
                "14",
                "--crash-at",
                steps.stream().map(CrashPoint::option).collect(Collectors.joining(",")),
                "--kills",
                "1",
                "--seed",
                "1",
                "--data",
                directory.toString());

        assertThat(printed.toString())
                .contains("all agree, after 7 crashes")
                .contains("Compared row by row after 7 crashes");
        for (var step : steps) {
            assertThat(printed.toString()).contains(step.toString());
        }
        assertThat(status).isZero();
    }

    @Test
    @Tag("slow")
    void intoServersAllAgree(@TempDir Path directory) throws Exception {
        for (var kind : List.of(Kind.POSTGRESQL, Kind.MARIADB)) {
            var missing = kind.missing();
            Assumptions.assumeTrue(missing.isEmpty(), () -> kind + " is not tested: " + missing.orElseThrow());
        }
        try (var postgreSql = Server.start(Kind.POSTGRESQL, directory.resolve("postgresql"));
                var mariaDb = Server.start(Kind.MARIADB, directory.resolve("mariadb"))) {
            int status = run(
                    "--releases",
                    "10",
                    "--crash-at",
                    "after-last-vote,after-decision,after-first-commit",
                    "--kills",
                    "0",
                    "--seed",
                    "3",
                    "--resources",
                    postgreSql.url() + "," + mariaDb.url(),
                    "--data",
                    directory.resolve("data").toString());

            assertThat(printed.toString())
                    .contains("all agree, after 3 crashes")
                    .contains("Compared row by row after 3 crashes");
            assertThat(status).isZero();
        }
    }

    @Test
    @Conforms("JTA-21")
    @Tag("campaign")
    void whereverItDiesAllAgree(@TempDir Path directory) {
        int status = run("--releases", "200", "--kills", "20", "--seed", "2", "--data", directory.toString());

        assertThat(printed.toString())
                .contains("all agree, after 29 crashes")
                .contains("Compared row by row after 29 crashes");
        for (var point : CrashPoint.values()) {
            assertThat(printed.toString()).contains(point.toString());
        }
        assertThat(status).isZero();
    }

    @Test
    void aCrashPointThatDoesNotExistIsRefusedWithThoseThatDo() {
        assertThat(run("--crash-at", "lunch")).isNotZero();
        assertThat(printed.toString()).contains("lunch").contains("after-first-vote");
    }

    @Test
    void moreCrashesThanReleasesAreRefused() {
        assertThat(run("--releases", "3")).isNotZero();
        assertThat(printed.toString()).contains("expected a release for each of 12 crashes");
    }

    @Test
    void aDatabaseThatItDoesNotKnowIsRefused(@TempDir Path directory) throws Exception {
        assertThat(run(
                        "--data",
                        directory.resolve("data").toString(),
                        "--resources",
                        "jdbc:oracle:thin:@x",
                        "--crash-at",
                        "none",
                        "--kills",
                        "0"))
                .isNotZero();
        assertThat(printed.toString()).contains("PostgreSQL, MariaDB or H2");
        assertThat(Files.exists(directory.resolve("data"))).isFalse();
    }
}
