package dev.ktm.rm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.testing.SimulatedDatabase;
import jakarta.transaction.RollbackException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.transaction.xa.XAException;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

/** What others say must not pass for lines of the log. */
class OutcomeReportTest {

    /** What a resource manager might say that wants to be read as more than it is. */
    private static final String FORGED =
            "gone\r\n2026-01-01 ERROR HEURISTIC: transaction 1\u001b[2J\u0085\u2028\u202eend";

    private static OutcomeReport report(String text) {
        return new OutcomeReport(
                OutcomeReport.Kind.PENDING,
                Instant.EPOCH,
                Optional.empty(),
                new UUID(1, 2),
                text,
                text,
                text,
                text,
                text,
                Optional.empty());
    }

    private static void assertOneLine(String text) {
        assertThat(text.codePoints()
                        .filter(point -> Character.isISOControl(point) || point == 0x2028 || point == 0x202e))
                .as(text)
                .isEmpty();
    }

    @Test
    void noTextOfOthersMakesALineOrAnEscapeSequence() {
        var text = report(FORGED).toString();

        assertOneLine(text);
        assertThat(text)
                .contains("gone\\r\\n2026-01-01 ERROR HEURISTIC: transaction 1\\u001b[2J\\u0085\\u2028\\u202eend");
    }

    @Test
    void whatIsDisplayedStaysAsItIs() {
        var text = "C:\\temp \"größe\" \ud83d\ude00 日本";

        assertThat(report(text).toString()).contains(text);
        assertThat(report("half \ud83d").toString()).contains("half \\ud83d,");
    }

    @Test
    void aTextThatNeverEndsIsCut() {
        var text = report("x".repeat(10_000_000)).toString();

        assertThat(text.length()).isLessThan(12_000);
        assertThat(text).contains("x... (10000000 characters)");
    }

    @Test
    void aThreadDoesNotMakeLinesWithItsName() {
        var owner = new OutcomeReport.Owner(
                FORGED,
                true,
                List.of(
                        new StackTraceElement("a\nb", "run", "A.java", 3),
                        new StackTraceElement("A", "main", "A.java", 4)));
        var report = new OutcomeReport(
                OutcomeReport.Kind.TIMED_OUT,
                Instant.EPOCH,
                Optional.empty(),
                new UUID(1, 2),
                "",
                "",
                "",
                "while " + owner,
                "",
                Optional.empty(),
                Optional.of(owner),
                Optional.empty());

        assertThat(report.toString().lines())
                .hasSize(3)
                .element(1, InstanceOfAssertFactories.STRING)
                .isEqualTo("\tat a\\nb.run(A.java:3)");
    }

    /** All the way: from the resource that refuses to what is logged. */
    @Test
    void whatAResourceAnswersIsOneLineOfTheLog() throws Exception {
        var lines = new CopyOnWriteArrayList<String>();
        var logger = Logger.getLogger("dev.ktm.reports");
        var handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                lines.add(record.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            var database = new SimulatedDatabase("orders");
            database.onNext(SimulatedDatabase.Call.COMMIT_ONE_PHASE, after -> {
                var refusal = new XAException(FORGED);
                refusal.errorCode = XAException.XA_HEURMIX;
                throw refusal;
            });
            var manager = ktm.transactionManager();
            manager.begin();
            var connection = database.connect();
            manager.getTransaction().enlistResource(ktm.named("orders\nforged", connection));
            connection.put("a");

            Assertions.assertThatThrownBy(manager::commit).isNotInstanceOf(RollbackException.class);
        } finally {
            logger.removeHandler(handler);
        }

        assertThat(lines)
                .anySatisfy(line -> assertThat(line).contains("orders\\nforged").contains("gone\\r\\n2026"));
        assertThat(lines).allSatisfy(OutcomeReportTest::assertOneLine);
    }
}
