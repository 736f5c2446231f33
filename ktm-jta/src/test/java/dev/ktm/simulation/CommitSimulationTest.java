package dev.ktm.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.testing.SimulatedJournal;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every cast of participants, every vote and failure, every way in which the log can fail, a crash at every step, and another one
 * at every step of each recovery. A violation names its cast, by which {@link Casts#cast} makes it again.
 */
class CommitSimulationTest {

    @RegisterExtension
    private final QuietReports quiet = new QuietReports();

    private static void keepsItsRules(Casts.Found found, TestReporter reporter) {
        reporter.publishEntry("runs", Long.toString(found.runs()));
        assertThat(found.first())
                .as(found.violations() + " violations in " + found.runs() + " runs")
                .isEmpty();
    }

    @Test
    void oneParticipant(TestReporter reporter) throws Exception {
        keepsItsRules(Casts.simulate(1, 0, 1, true, true), reporter);
    }

    @Test
    @Tag("slow")
    void twoParticipants(TestReporter reporter) throws Exception {
        keepsItsRules(Casts.simulate(2, 0, 1, true, true), reporter);
    }

    @Test
    @Tag("slow")
    void everyFifthCastOfThreeParticipantsCrashedOnce(TestReporter reporter) throws Exception {
        var found = Casts.simulate(3, 1, 5, false, false);

        keepsItsRules(found, reporter);
        assertThat(found.runs()).isGreaterThan(100_000);
    }

    /** Two others may differ from each other, which one cannot. */
    @Test
    void anOperatorDecidesInPlaceOfTheLastOfThree() throws Exception {
        for (var behaviour : List.of(
                Behaviour.OVERRULED_BY_A_COMMIT,
                Behaviour.OVERRULED_BY_A_ROLLBACK,
                Behaviour.LOST_AFTER_A_COMMIT,
                Behaviour.LOST_AFTER_A_REFUSAL)) {
            for (var trouble : SimulatedJournal.Trouble.values()) {
                var cast = List.of(
                        new Part(Kind.LAST, behaviour),
                        new Part(Kind.XA, Behaviour.YES),
                        new Part(Kind.NATIVE, Behaviour.YES));

                var result = Simulation.run(new Simulation.Scenario(cast, false, trouble, 0), true);

                assertThat(result.violations()).isEmpty();
            }
        }
    }

    @Test
    @Tag("campaign")
    void threeParticipants(TestReporter reporter) throws Exception {
        var found = Casts.simulate(3, 0, 1, true, true);

        keepsItsRules(found, reporter);
        assertThat(found.runs()).isGreaterThan(5_000_000);
    }

    /** Every so manieth: all would take days. */
    @Test
    @Tag("campaign")
    void fourParticipants(TestReporter reporter) throws Exception {
        keepsItsRules(Casts.simulate(4, Long.getLong("ktm.seed", 0), 37, true, true), reporter);
    }
}
