package dev.ktm.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.proof.Testimony.Moment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is gone of the rows of a witness shows what else may be gone, and no more. */
class TestimonyTest {

    private final Testimony testimony = new Testimony();
    private final Set<Integer> found = new HashSet<>();

    private void writes(Moment moment, int life) {
        testimony.acknowledged(moment.row(life));
        found.add(moment.row(life));
    }

    private void loses(Moment moment, int life) {
        found.remove(moment.row(life));
    }

    @Test
    void numbersRowsInTheOrderInWhichTheyAreWritten() {
        assertThat(List.of(Moment.START.row(1), Moment.END.row(1), Moment.CHECK.row(1), Moment.START.row(2)))
                .isSorted()
                .doesNotHaveDuplicates();
    }

    @Test
    void nothingIsLostWhileEveryRowIsThere() {
        writes(Moment.START, 1);
        writes(Moment.END, 1);
        testimony.killed(2);

        assertThat(testimony.seen(found)).isEmpty();
    }

    @Test
    void aRowOfTheStartShowsALossOfThatLife() {
        writes(Moment.CHECK, 1);
        writes(Moment.START, 2);
        testimony.killed(2);
        loses(Moment.START, 2);

        assertThat(testimony.seen(found)).contains(new Evidence.Loss(2, 2));
    }

    @Test
    void withoutACheckWhatTheLifeBeforeHadSentMayBeLostAsWell() {
        writes(Moment.END, 1);
        writes(Moment.START, 2);
        testimony.killed(2);
        loses(Moment.START, 2);

        assertThat(testimony.seen(found)).contains(new Evidence.Loss(1, 2));
    }

    @Test
    void aLossBeginsAfterTheLastRowThatIsThereBeforeTheFirstThatIsGoneAndEndsWithTheKill() {
        writes(Moment.START, 3);
        writes(Moment.END, 3);
        writes(Moment.START, 4);
        writes(Moment.END, 4);
        testimony.killed(5);
        loses(Moment.END, 3);
        loses(Moment.END, 4);

        assertThat(testimony.seen(found)).contains(new Evidence.Loss(3, 5));
    }

    @Test
    void aRowThatWasNotAcknowledgedShowsNothing() {
        writes(Moment.START, 1);
        testimony.killed(2);
        found.add(Moment.START.row(2));

        assertThat(testimony.seen(found)).isEmpty();
        loses(Moment.START, 2);
        testimony.killed(3);
        assertThat(testimony.seen(found)).isEmpty();
    }

    @Test
    void aLossIsToldOnceAndDoesNotReachIntoLaterLives() {
        writes(Moment.START, 1);
        testimony.killed(1);
        loses(Moment.START, 1);
        assertThat(testimony.seen(found)).contains(new Evidence.Loss(0, 1));

        writes(Moment.END, 1);
        testimony.killed(2);
        assertThat(testimony.seen(found)).isEmpty();
    }

    @Test
    void withoutAKillNothingIsExcused() {
        writes(Moment.START, 1);
        testimony.killed(1);
        assertThat(testimony.seen(found)).isEmpty();

        loses(Moment.START, 1);
        assertThat(testimony.seen(found)).isEmpty();
    }
}
