package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a log tells while nobody has it open. */
class StoppedLogTest {

    @TempDir
    private Path directory;

    private String log() {
        return directory.resolve("log").toString();
    }

    private void stopInDoubt() throws Exception {
        try (var site = new Site(directory)) {
            site.prepareUnderSuperior("order-1");
        }
    }

    @Test
    @Conforms("OPS-13")
    void aTransactionThatWaitsForItsSuperiorIsShown() throws Exception {
        stopInDoubt();

        var spoken = Spoken.by("list", "transactions", "--log", log(), "--json");

        assertThat(spoken.code()).isEqualTo(ExitCode.WRONG.number());
        assertThat(spoken.json()).hasSize(1);
        var transaction = spoken.json().get(0);
        assertThat(transaction.get("state").asText()).isEqualTo("IN_DOUBT");
        assertThat(transaction.get("isInDoubt").asBoolean()).isTrue();
        assertThat(transaction.get("superior").asText())
                .isEqualTo("4711:"
                        + HexFormat.of().formatHex("order-1".getBytes(java.nio.charset.StandardCharsets.UTF_8)) + ":"
                        + HexFormat.of().formatHex("shop".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        assertThat(transaction.get("participants"))
                .extracting(each -> each.get("resourceManager").asText())
                .containsExactlyInAnyOrder("superior", "orders", "stock");
        assertThat(transaction.at("/participants/1/branch").asText()).startsWith(0x4B544D31 + ":");
    }

    @Test
    @Conforms("OPS-13")
    void lookingChangesNothing() throws Exception {
        stopInDoubt();
        var before = contents();

        for (var what : new String[] {"tms", "transactions", "enlistments", "rms", "damaged", "acts"}) {
            assertThat(Spoken.by("list", what, "--log", log()).err()).isEmpty();
        }
        Spoken.by("doctor", "--log", log());

        assertThat(contents()).isEqualTo(before);
    }

    private Map<String, String> contents() throws IOException {
        var contents = new TreeMap<String, String>();
        try (var files = Files.list(directory.resolve("log"))) {
            for (var file : files.toList()) {
                contents.put(
                        file.getFileName().toString(),
                        Files.getLastModifiedTime(file) + " " + java.util.Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return contents;
    }

    @Test
    void theNextStartFindsWhatWasShown() throws Exception {
        stopInDoubt();
        var shown = Spoken.by("list", "transactions", "--log", log(), "--json")
                .json()
                .at("/0/unitOfWork")
                .asText();

        try (var site = new Site(directory)) {
            assertThat(site.ktm.manager().transactions())
                    .extracting(java.util.UUID::toString)
                    .containsExactly(shown);
        }
    }

    @Test
    void damageIsShownAndWhatAnOperatorHasForgottenIsNot() throws Exception {
        try (var site = new Site(directory)) {
            site.commitWhileStockAnswers(XAException.XA_HEURRB);
            site.commitWhileStockAnswers(XAException.XA_HEURRB);
            var first = site.ktm.manager().damaged().get(0);
            site.ktm.manager().forget(first.transaction(), "ann", "counted by hand");
        }

        var damaged = Spoken.by("list", "damaged", "--log", log());
        var acts = Spoken.by("list", "acts", "--log", log());

        assertThat(damaged.code()).isEqualTo(ExitCode.WRONG.number());
        assertThat(damaged.out().lines()).hasSize(2);
        assertThat(damaged.out()).contains("stock", "rolled back", "committed");
        assertThat(acts.code()).isEqualTo(ExitCode.DONE.number());
        assertThat(acts.out()).contains("ann", "forget", "counted by hand");
    }

    @Test
    void aTransactionIsFoundByTheBeginningOfItsId() throws Exception {
        stopInDoubt();
        var unit = Spoken.by("list", "transactions", "--log", log(), "--json")
                .json()
                .at("/0/unitOfWork")
                .asText();

        var page = Spoken.by("show", unit.substring(0, 8), "--log", log());

        assertThat(page.code()).isEqualTo(ExitCode.WRONG.number());
        assertThat(page.out()).contains(unit, "in doubt", "orders", "stock", "next step", "superior is asked");
    }

    @Test
    void whatIsNotThereIsNotFound() throws Exception {
        stopInDoubt();

        assertThat(Spoken.by("show", "ffffffff", "--log", log()).code()).isEqualTo(ExitCode.NOT_FOUND.number());
        assertThat(Spoken.by(
                                "list",
                                "tms",
                                "--log",
                                directory.resolve("nowhere").toString())
                        .code())
                .isEqualTo(ExitCode.NOT_FOUND.number());
        assertThat(Spoken.by("list", "tms", "--log", directory.toString()).code())
                .isEqualTo(ExitCode.NOT_FOUND.number());
    }

    @Test
    void nothingIsDoneToAStoppedLog() throws Exception {
        stopInDoubt();
        var unit = Spoken.by("list", "transactions", "--log", log(), "--json")
                .json()
                .at("/0/unitOfWork")
                .asText();
        var before = contents();

        var spoken = Spoken.by("resolve", "commit", unit, "--log", log(), "--yes", "--reason", "it said so");

        assertThat(spoken.code()).isEqualTo(ExitCode.REFUSED.number());
        assertThat(spoken.err()).contains("start its application");
        assertThat(contents()).isEqualTo(before);
    }

    @Test
    void aDamagedLogIsSaidToBe() throws Exception {
        stopInDoubt();
        damage();

        var listed = Spoken.by("list", "transactions", "--log", log());
        var verified = Spoken.by("log", "verify", log());
        var doctor = Spoken.by("doctor", "--log", log());

        assertThat(listed.code()).isEqualTo(ExitCode.FAILED.number());
        assertThat(listed.err()).contains("is damaged", "ktm log verify");
        assertThat(verified.code()).isEqualTo(ExitCode.WRONG.number());
        assertThat(doctor.code()).isEqualTo(ExitCode.WRONG.number());
        assertThat(doctor.out()).contains("fault", "expected", "found");
    }

    /** Flips a bit in the first frame of the container that the log begins in. */
    private void damage() throws IOException {
        try (var files = Files.list(directory.resolve("log"))) {
            var container = files.filter(each -> each.getFileName().toString().equals("ktm-1.log"))
                    .findFirst()
                    .orElseThrow();
            var bytes = Files.readAllBytes(container);
            bytes[4096 + 100] ^= 1;
            Files.write(container, bytes);
        }
    }

    @Test
    void aLogThatWasNeverUsedHoldsNothing() throws Exception {
        new Site(directory).close();

        var spoken = Spoken.by("list", "transactions", "--log", log());

        assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
        assertThat(spoken.out()).isEqualTo("no transaction" + System.lineSeparator());
    }
}
