package dev.ktm.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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
    @Tag("slow")
    void whereverItDiesAllAgree(@TempDir Path directory) {
        int status = run("--releases", "30", "--kills", "2", "--data", directory.toString());

        assertThat(printed.toString()).contains("all agree, after 11 crashes");
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
