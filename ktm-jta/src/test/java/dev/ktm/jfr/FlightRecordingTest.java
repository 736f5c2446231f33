package dev.ktm.jfr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.tm.KtmTransaction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a recording of the flight recorder has of transactions, read back. */
class FlightRecordingTest {

    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");

    @AutoClose
    private final Ktm ktm = Ktm.open(KtmOptions.builder()
            .device(new SimulatedDevice())
            .recoveryInterval(Duration.ofHours(1))
            .build());

    @TempDir
    private Path directory;

    private UUID begin() throws Exception {
        ktm.transactionManager().begin();
        for (var database : new SimulatedDatabase[] {orders, stock}) {
            var connection = database.connect();
            ktm.transactionManager().getTransaction().enlistResource(ktm.named(database.toString(), connection));
            connection.put("key");
        }
        return ((KtmTransaction) ktm.transactionManager().getTransaction()).unitOfWork();
    }

    private List<RecordedEvent> eventsOf(Recording recording, UUID... units) throws Exception {
        var file = directory.resolve("recording" + recording.getId() + ".jfr");
        recording.dump(file);
        var wanted = new ArrayList<String>();
        for (var unit : units) {
            wanted.add(unit.toString());
        }
        var found = new ArrayList<RecordedEvent>();
        for (var event : RecordingFile.readAllEvents(file)) {
            if (event.getEventType().getName().startsWith("dev.ktm.")
                    && wanted.contains(event.getString("unitOfWork"))) {
                found.add(event);
            }
        }
        return found;
    }

    private static List<RecordedEvent> named(List<RecordedEvent> all, String name) {
        return all.stream()
                .filter(each -> each.getEventType().getName().equals(name))
                .toList();
    }

    @Test
    void hasTransactionsTheirPhasesAndTheCallsOfTheirBranches() throws Exception {
        try (var recording = new Recording()) {
            recording.start();
            var committed = begin();
            ktm.transactionManager().commit();
            var rolledBack = begin();
            ktm.transactionManager().rollback();
            recording.stop();

            var events = eventsOf(recording, committed, rolledBack);
            assertThat(named(events, "dev.ktm.Transaction"))
                    .extracting(
                            each -> each.getString("unitOfWork"),
                            each -> each.getString("outcome"),
                            each -> each.getString("cause"))
                    .containsExactlyInAnyOrder(
                            tuple(committed.toString(), "COMMITTED", null),
                            tuple(rolledBack.toString(), "ABORTED", "CLIENT"));
            var ofCommit = events.stream()
                    .filter(each -> each.getString("unitOfWork").equals(committed.toString()))
                    .toList();
            assertThat(named(ofCommit, "dev.ktm.Phase"))
                    .extracting(each -> each.getString("phase"))
                    .containsExactlyInAnyOrder("BEFORE_COMMIT", "PREPARE", "LOG", "COMMIT");
            assertThat(named(ofCommit, "dev.ktm.BranchCall"))
                    .extracting(each -> each.getString("resourceManager") + " " + each.getString("operation") + " "
                            + each.getString("answer"))
                    .containsExactlyInAnyOrder(
                            "orders START DONE",
                            "stock START DONE",
                            "orders PREPARE DONE",
                            "stock PREPARE DONE",
                            "orders COMMIT DONE",
                            "stock COMMIT DONE");
            assertThat(named(ofCommit, "dev.ktm.BranchCall"))
                    .allSatisfy(each -> assertThat(each.getString("branch")).matches("-?\\d+:[0-9a-f]+:[0-9a-f]+"));
            var whole = named(ofCommit, "dev.ktm.Transaction").get(0);
            assertThat(named(ofCommit, "dev.ktm.Phase"))
                    .allSatisfy(each -> assertThat(each.getDuration()).isLessThanOrEqualTo(whole.getDuration()));
        }
    }

    @Test
    void hasNothingOfTransactionsThatBeganBeforeOrAfterIt() throws Exception {
        try (var recording = new Recording()) {
            var before = begin();
            recording.start();
            ktm.transactionManager().commit();
            recording.stop();
            var after = begin();
            ktm.transactionManager().commit();

            assertThat(eventsOf(recording, before, after)).isEmpty();
        }
    }

    @Test
    void hasNothingOfEventsThatAreSwitchedOff() throws Exception {
        try (var recording = new Recording()) {
            recording.disable("dev.ktm.Phase");
            recording.disable("dev.ktm.BranchCall");
            recording.start();
            var unit = begin();
            ktm.transactionManager().commit();
            recording.stop();

            assertThat(eventsOf(recording, unit))
                    .extracting(each -> each.getEventType().getName())
                    .containsExactly("dev.ktm.Transaction");
        }
    }

    /** Another JVM, because here somebody may have recorded something before. */
    @Test
    void loadsNoClassOfAnEventWhileNothingIsRecorded() throws Exception {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var output = directory.resolve("classes.txt");
        var process = new ProcessBuilder(
                        java,
                        "-verbose:class",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OneTransaction.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();

        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(output)
                .content()
                .contains("dev.ktm.jfr.FlightRecording ")
                .doesNotContain("dev.ktm.jfr.RecordedTransaction")
                .doesNotContain("dev.ktm.jfr.TransactionEvent")
                .doesNotContain("dev.ktm.jfr.PhaseEvent")
                .doesNotContain("dev.ktm.jfr.BranchCallEvent");
    }

    /** What the other JVM does. */
    static final class OneTransaction {
        private OneTransaction() {}

        public static void main(String[] args) throws Exception {
            try (var opened = Ktm.open(KtmOptions.builder().inMemory().build())) {
                opened.transactionManager().begin();
                opened.transactionManager().commit();
            }
        }
    }
}
