package dev.ktm.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.model.Tlc.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The model of commit, recovery and forgetting keeps its promises, and each bug seeded into it is found. */
@Tag("slow")
class ModelTest {

    private static final Instance DEFAULT = Instance.safe("a, b, c", 3, 1);
    private static final Instance SMALL = Instance.safe("a, b", 1, 1);
    private static final Instance SMALL_LIVE = Instance.live("a, b", 1, 1);
    private static final Instance WITHOUT_FAULTS = Instance.live("a, b", 0, 0);
    private static final Pattern SEEDED = Pattern.compile("Is\\(\"([^\".]+)\"\\)");

    /** Each bug that the model can be given, and what it breaks. */
    private static final Map<String, String> SEEDED_BUGS = Map.ofEntries(
            Map.entry("silence is a yes", "I1"),
            Map.entry("commit before the force", "I1"),
            Map.entry("presumed commit", "I1"),
            Map.entry("a timeout while the decision is written", "I2"),
            Map.entry("unknown is rolled back", "I2"),
            Map.entry("unavailable is an orphan", "I2"),
            Map.entry("live is an orphan", "I2"),
            Map.entry("live is asked before the list", "I2"),
            Map.entry("a resource manager loses what it has committed", "I2"),
            Map.entry("damage is forgotten before it is written", "I2Damage"),
            Map.entry("damage replaces the participants", "I3"),
            Map.entry("the superior is told before the force", "I3"),
            Map.entry("in doubt is an orphan", "I3"),
            Map.entry("unavailable is hidden from the superior", "I3"),
            Map.entry("no answer to one phase is a rollback", "I3"),
            Map.entry("the end is written when all are told", "I5"),
            Map.entry("postponed is finished", "I5"),
            Map.entry("a checkpoint drops the decision", "I5"),
            Map.entry("the list of another is believed", "I5"),
            Map.entry("orphans are left alone", "Finishes"),
            Map.entry("what is not listed is waited for", "LogEnds"));

    @TempDir
    private Path directory;

    private Verdict check(Instance instance, Duration limit) throws Exception {
        return new Tlc(directory, limit).check(instance);
    }

    private static String model(String file) throws IOException {
        return Files.readString(Tlc.MODEL.resolve(file), UTF_8);
    }

    private static void assertHolds(Verdict verdict) {
        assertThat(verdict.violated()).as(verdict.output()).isEmpty();
    }

    private static void report(TestReporter reporter, Verdict verdict) {
        reporter.publishEntry("states", states(verdict));
    }

    private static String states(Verdict verdict) {
        return String.format(Locale.ROOT, "%,d", verdict.states());
    }

    @Test
    void holdsForThreeResourceManagersAndThreeFaults(TestReporter reporter) throws Exception {
        assertThat(model("Ktm.cfg")).isEqualToNormalizingNewlines(DEFAULT.configuration());

        var verdict = check(DEFAULT, Duration.ofMinutes(5));

        report(reporter, verdict);
        assertHolds(verdict);
        assertThat(model("README.md")).contains(states(verdict) + " |");
    }

    @Test
    void everyActionIsTaken() throws Exception {
        var verdict = new Tlc(directory, Duration.ofMinutes(2)).checkCounting(SMALL);

        assertThat(new TreeMap<>(verdict.actions()))
                .hasSize(24)
                .allSatisfy((action, times) -> assertThat(times).as(action).isPositive());
    }

    @Test
    void whoeverIsPreparedComesToAnEnd(TestReporter reporter) throws Exception {
        var verdict = check(SMALL_LIVE, Duration.ofMinutes(5));

        report(reporter, verdict);
        assertHolds(verdict);
    }

    static Stream<String> seededBugs() {
        return SEEDED_BUGS.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("seededBugs")
    void findsTheSeededBug(String bug, TestReporter reporter) throws Exception {
        var broken = SEEDED_BUGS.getOrDefault(bug, "");
        var instance = Instance.PROPERTIES.contains(broken) ? SMALL_LIVE : SMALL;

        var verdict = check(instance.with(bug, broken), Duration.ofMinutes(2));

        report(reporter, verdict);
        assertThat(verdict.violated()).as(verdict.output()).contains(broken);
    }

    @Test
    void everySeededBugIsTriedAndDescribed() throws IOException {
        var seeded = new TreeSet<String>();
        SEEDED.matcher(model("Ktm.tla")).results().forEach(each -> seeded.add(each.group(1)));

        assertThat(seeded).isEqualTo(new TreeSet<>(SEEDED_BUGS.keySet()));
        assertThat(model("README.md")).contains(descriptions());
    }

    private static List<String> descriptions() {
        return SEEDED_BUGS.entrySet().stream()
                .map(each -> "| " + each.getKey() + " | " + each.getValue() + " |")
                .toList();
    }

    @Test
    void whatIsPreparedTooLateWaitsForNobody() throws Exception {
        var oneIsDead = WITHOUT_FAULTS.withDead("b");

        assertHolds(check(oneIsDead.with(Instance.NO_MUTANT, "Finishes"), Duration.ofMinutes(5)));
    }

    @Test
    @Tag("campaign")
    void holdsForFiveResourceManagersAndFourFaults(TestReporter reporter) throws Exception {
        var verdict = check(Instance.safe("a, b, c, d, e", 4, 1), Duration.ofHours(1));

        report(reporter, verdict);
        assertHolds(verdict);
    }

    @Test
    @Tag("campaign")
    void holdsIfEveryParticipantDecidesOnItsOwn(TestReporter reporter) throws Exception {
        var verdict = check(Instance.safe("a, b, c", 3, 3), Duration.ofHours(1));

        report(reporter, verdict);
        assertHolds(verdict);
    }

    @Test
    @Tag("campaign")
    void whoeverOfThreeIsPreparedComesToAnEnd(TestReporter reporter) throws Exception {
        var verdict = check(Instance.live("a, b, c", 2, 1), Duration.ofHours(1));

        report(reporter, verdict);
        assertHolds(verdict);
    }
}
