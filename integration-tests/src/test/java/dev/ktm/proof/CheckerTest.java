package dev.ktm.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.ktm.proof.Attempt.ByOperator;
import dev.ktm.proof.Attempt.FileChange;
import dev.ktm.proof.Attempt.Knew;
import dev.ktm.proof.Attempt.ValueChange;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The checker finds every lie that is planted, and nothing where there is none. */
class CheckerTest {

    private static final Set<Part> PARTS = EnumSet.of(Part.H2, Part.ARTEMIS, Part.FILES, Part.REGISTRY, Part.LAST);

    private final List<Attempt> attempts = new ArrayList<>();
    private final Evidence evidence = new Evidence();

    /** One that is committed, one that is rolled back, one that nobody knows and that is there, one that is not. */
    @BeforeEach
    void truth() {
        attempts.add(attempt("1-0-1", Knew.COMMITTED).took("artemis/feed-1"));
        attempts.add(attempt("1-0-2", Knew.ROLLED_BACK).took("artemis/feed-2"));
        attempts.add(attempt("2-0-1", Knew.UNKNOWN));
        attempts.add(attempt("2-0-2", Knew.UNKNOWN));
        for (var part : PARTS) {
            evidence.found(part, "1-0-1");
            evidence.found(part, "2-0-1");
        }
        evidence.files.put(0, "a:2-0-1");
        evidence.values.put(0, "2-0-1");
        evidence.fed.addAll(List.of("artemis/feed-1", "artemis/feed-2"));
        evidence.waiting.put("artemis/feed-2", 1);
    }

    private static Attempt attempt(String key, Knew knew) {
        return attempt(key, knew, FileChange.REPLACE, ValueChange.SET);
    }

    private static Attempt attempt(String key, Knew knew, FileChange file, ValueChange value) {
        int life = Integer.parseInt(key.substring(0, key.indexOf('-')));
        return new Attempt(key, life, life, 0, PARTS, file, value, knew, List.of(), List.of(), ByOperator.NOT);
    }

    private List<String> violations() {
        return Checker.check(attempts, evidence).violations();
    }

    private void drop(Part part, String key) {
        var rows = evidence.rows.get(part);
        assertThat(rows).isNotNull();
        rows.remove(key);
    }

    @Test
    void whereAllIsWellItFindsNothing() {
        assertThat(violations()).isEmpty();
        assertThat(Checker.check(attempts, evidence).committed()).containsExactlyInAnyOrder("1-0-1", "2-0-1");
    }

    @Test
    void excusesTheDamageOfOneThatWasAloneAndWhoseClientKnowsNothing() {
        var damage = "Damage[resourceManager=h2, decision=HAZARD, code=0]";
        var alone = new Attempt(
                "1-0-1",
                1,
                1,
                0,
                Set.of(Part.H2),
                FileChange.NONE,
                ValueChange.NONE,
                Knew.UNKNOWN,
                List.of(),
                List.of(),
                ByOperator.NOT);

        assertThat(Checker.isUnanswered(alone, damage)).isTrue();
        assertThat(Checker.isUnanswered(alone, damage.replace("HAZARD", "ROLLBACK")))
                .isFalse();
        assertThat(Checker.isUnanswered(alone.told(Knew.COMMITTED), damage)).isFalse();
        assertThat(Checker.isUnanswered(alone.told(Knew.ROLLED_BACK), damage)).isFalse();
        assertThat(Checker.isUnanswered(attempt("1-0-1", Knew.UNKNOWN), damage)).isFalse();
    }

    @Test
    void findsALostCommit() {
        PARTS.forEach(part -> drop(part, "1-0-1"));

        assertThat(violations()).anyMatch(each -> each.startsWith("1-0-1: its commit returned, and it is not with"));
    }

    @Test
    void findsHalfACommit() {
        drop(Part.ARTEMIS, "2-0-1");

        assertThat(violations()).containsExactly("2-0-1: is with [H2, FILES, REGISTRY, LAST] and not with [ARTEMIS]");
    }

    @Test
    void findsACommitAfterARollback() {
        PARTS.forEach(part -> evidence.found(part, "1-0-2"));

        assertThat(violations()).anyMatch(each -> each.startsWith("1-0-2: was rolled back, and is with"));
    }

    @Test
    void findsAMessageThatIsThereTwice() {
        evidence.found(Part.ARTEMIS, "1-0-1");

        assertThat(violations()).containsExactly("1-0-1: is 2 times with ARTEMIS");
    }

    @Test
    void findsAMessageThatIsLost() {
        evidence.waiting.clear();

        assertThat(violations())
                .containsExactly(
                        "message artemis/feed-2: waits 0 times, was taken by [], and received in vain by [1-0-2]");
    }

    @Test
    void findsAMessageThatWasTakenAndIsStillThere() {
        evidence.waiting.put("artemis/feed-1", 1);

        assertThat(violations())
                .containsExactly(
                        "message artemis/feed-1: waits 1 times, was taken by [1-0-1], and received in vain by []");
    }

    @Test
    void findsAMessageThatWasTakenTwice() {
        attempts.set(2, attempts.get(2).took("artemis/feed-1"));

        assertThat(violations())
                .containsExactly(
                        "message artemis/feed-1: waits 0 times, was taken by [1-0-1, 2-0-1], and received in vain by []");
    }

    @Test
    void findsAMessageThatNobodyHasPutThere() {
        evidence.waiting.put("artemis/feed-9", 1);

        assertThat(violations()).containsExactly("message artemis/feed-9: nobody has put it there");
    }

    @Test
    void findsWhatNobodyHasAttempted() {
        evidence.found(Part.FILES, "9-9-9");
        evidence.found(Part.DERBY, "1-0-1");

        assertThat(violations())
                .containsExactlyInAnyOrder(
                        "9-9-9: is with FILES, where nobody has attempted it",
                        "1-0-1: is with DERBY, where nobody has attempted it");
    }

    @Test
    void findsAFileThatIsNotAsTheLastCommitLeftIt() {
        evidence.files.put(0, "a:1-0-1");

        assertThat(violations()).containsExactly("file of thread 0: expected a:2-0-1, found a:1-0-1");
    }

    @Test
    void followsAFileThatIsMovedAndDeleted() {
        attempts.add(attempt("3-0-1", Knew.COMMITTED, FileChange.MOVE, ValueChange.DELETE));
        PARTS.forEach(part -> evidence.found(part, "3-0-1"));
        assertThat(violations())
                .containsExactlyInAnyOrder(
                        "file of thread 0: expected b:2-0-1, found a:2-0-1",
                        "value of thread 0: expected nothing, found 2-0-1");

        attempts.add(attempt("3-0-2", Knew.COMMITTED, FileChange.DELETE, ValueChange.NONE));
        PARTS.forEach(part -> evidence.found(part, "3-0-2"));
        evidence.files.clear();
        evidence.values.clear();
        assertThat(violations()).isEmpty();
    }

    @Test
    void findsWhatIsInDoubtOrTouchedOrLeftOver() {
        evidence.inDoubt.add("DERBY 1:2:3");
        evidence.foreignGone.add("H2 4:5:6");
        evidence.leftovers.add("a file of the work area: x");

        assertThat(violations())
                .containsExactly(
                        "in doubt: DERBY 1:2:3",
                        "somebody else's branch is gone: H2 4:5:6",
                        "left over: a file of the work area: x");
    }

    @Test
    void excusesALastResourceInWhosePlaceAnOperatorHasDecidedAndNobodyElse() {
        attempts.set(2, attempts.get(2).askedFor(ByOperator.COMMIT));
        drop(Part.LAST, "2-0-1");
        assertThat(violations()).isEmpty();

        drop(Part.H2, "2-0-1");
        assertThat(violations()).containsExactly("2-0-1: is with [ARTEMIS, FILES, REGISTRY] and not with [H2]");
    }

    @Test
    void findsAFileThatIsPutAside() {
        evidence.putAside.put("aside/2", "1-0-2");
        assertThat(violations()).containsExactly("put aside, and nobody has changed it: aside/2, with 1-0-2");
    }

    @Test
    void excusesWhatTheWitnessShowsThatAServerHasLostAndNothingElse() {
        evidence.losses.put(Part.H2, List.of(new Evidence.Loss(1, 1)));
        drop(Part.H2, "2-0-1");
        assertThat(violations()).as("nothing after it").anyMatch(each -> each.startsWith("2-0-1: is with"));

        evidence.losses.put(Part.H2, List.of(new Evidence.Loss(2, 2)));
        assertThat(violations()).isEmpty();

        drop(Part.H2, "1-0-1");
        assertThat(violations()).anyMatch(each -> each.startsWith("1-0-1: is with"));
    }

    @Test
    void excusesWhatWasCommittedInALaterLifeThanItsOwnIfItHadNotEnded() {
        evidence.losses.put(Part.H2, List.of(new Evidence.Loss(4, 5)));
        drop(Part.H2, "2-0-1");
        attempts.set(2, attempts.get(2).pendingIn(3));
        assertThat(violations()).as("ended before").anyMatch(each -> each.startsWith("2-0-1: is with"));

        attempts.set(2, attempts.get(2).pendingIn(4));
        assertThat(violations()).isEmpty();
    }

    @Test
    void countsWhatIsExcusedSinceAServerHasLostIt() {
        evidence.losses.put(Part.H2, List.of(new Evidence.Loss(1, 2)));
        assertThat(Checker.check(attempts, evidence).excused())
                .as("nothing was lost")
                .isEmpty();

        drop(Part.H2, "2-0-1");
        assertThat(Checker.check(attempts, evidence).excused()).containsExactly("2-0-1");
    }

    @Test
    void aLedgerTellsUntilWhenItHadNotEnded() {
        var ledger = new Ledger();
        ledger.read(1, List.of("begin 1-0-1 0 H2,FILES NONE NONE", "unit 1-0-1 u1", "begin 1-0-2 0 H2 NONE NONE"));
        ledger.read(3, List.of("pending u1", "pending of-nobody", "begin 3-0-1 0 H2 NONE NONE"));

        assertThat(ledger.attempts())
                .extracting(Attempt::key, Attempt::life, Attempt::lastLife)
                .containsExactly(tuple("1-0-1", 1, 3), tuple("1-0-2", 1, 1), tuple("3-0-1", 3, 3));
    }

    @Test
    void findsACommitOfWhatAnOperatorHasRolledBack() {
        attempts.set(2, attempts.get(2).doneByOperator(ByOperator.ROLL_BACK));
        attempts.set(3, attempts.get(3).doneByOperator(ByOperator.ROLL_BACK));
        assertThat(violations())
                .containsExactly(
                        "2-0-1: was rolled back by an operator, and is with [H2, ARTEMIS, FILES, REGISTRY, LAST]");

        attempts.set(2, attempts.get(2).told(Knew.COMMITTED));
        assertThat(violations())
                .contains("2-0-1: its commit returned, and an operator was told that it is rolled back");
    }

    @Test
    void aLedgerTellsWhatOperatorsHaveDone() {
        var ledger = new Ledger();
        ledger.read(
                1,
                List.of("begin 1-0-1 0 H2 NONE NONE", "unit 1-0-1 u1", "begin 1-0-2 0 H2 NONE NONE", "unit 1-0-2 u2"));
        ledger.read(1, List.of("done u1 ROLL_BACK", "asks u2 COMMIT", "refused u1", "wrong it may do this"));

        assertThat(ledger.attempts())
                .extracting(Attempt::key, Attempt::done, Attempt::asked)
                .containsExactly(
                        tuple("1-0-1", ByOperator.ROLL_BACK, List.of()),
                        tuple("1-0-2", ByOperator.NOT, List.of(ByOperator.COMMIT)));
        assertThat(ledger.refusals()).isEqualTo(1);
        assertThat(ledger.wrong()).containsExactly("life 1: wrong it may do this");
    }

    @Test
    void aDecisionOfAnOperatorHidesNothingOfWhoHasLostSomething() {
        evidence.losses.put(Part.H2, List.of(new Evidence.Loss(2, 2)));
        attempts.set(3, attempts.get(3).askedFor(ByOperator.ROLL_BACK));
        evidence.found(Part.H2, "2-0-2");

        assertThat(violations()).anyMatch(each -> each.startsWith("2-0-2: is with [H2] and not with"));
    }

    @Test
    void aLedgerKnowsWhatAnOperatorDidBeforeTheClientWroteTheUnit() {
        var ledger = new Ledger();
        ledger.read(1, List.of("begin 1-0-1 0 H2 NONE NONE", "done u1 ROLL_BACK", "unit 1-0-1 u1"));

        assertThat(ledger.attempts()).extracting(Attempt::done).containsExactly(ByOperator.ROLL_BACK);
    }

    @Test
    void findsWhatAnOperatorHasCommittedAndIsNotThere() {
        attempts.set(3, attempts.get(3).askedFor(ByOperator.COMMIT).doneByOperator(ByOperator.COMMIT));
        assertThat(violations())
                .containsExactly("2-0-2: was committed by an operator, and is not with [H2, ARTEMIS, FILES, REGISTRY]");

        attempts.set(3, attempts.get(3).told(Knew.ROLLED_BACK));
        assertThat(violations()).contains("2-0-2: was rolled back, and an operator was told that it is committed");
    }

    @Test
    void excusesNothingIfAnOperatorHasAskedInVain() {
        drop(Part.LAST, "2-0-1");
        attempts.set(2, attempts.get(2).askedFor(ByOperator.COMMIT).askedInVain());
        assertThat(violations()).anyMatch(each -> each.startsWith("2-0-1: is with"));

        // Nobody knows of the first request.
        attempts.set(
                2,
                attempts.get(2)
                        .askedFor(ByOperator.COMMIT)
                        .askedFor(ByOperator.ROLL_BACK)
                        .askedInVain());
        assertThat(violations()).isEmpty();
    }

    @Test
    void aLedgerTellsWhatCameToNothing() {
        var ledger = new Ledger();
        ledger.read(1, List.of("begin 1-0-1 0 H2,LAST NONE NONE", "unit 1-0-1 u1", "asks u1 COMMIT"));
        ledger.read(2, List.of("asks u1 ROLL_BACK", "in-vain u1"));

        assertThat(ledger.attempts()).extracting(Attempt::asked).containsExactly(List.of(ByOperator.COMMIT));
    }
}
