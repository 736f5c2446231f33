package dev.ktm.tm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.rm.Outcome;
import dev.ktm.rm.RollbackCause;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CountersTest {

    private final Counters counters = new Counters();

    @ParameterizedTest
    @EnumSource(RollbackCause.class)
    void countARollbackForItsCauseAndForNoOther(RollbackCause cause) {
        counters.ended(Outcome.ABORTED, cause, false, false);

        var counts = counters.read();
        assertThat(counts.rolledBack())
                .allSatisfy((each, count) -> assertThat(count).isEqualTo(each == cause ? 1 : 0));
        assertThat(counts.rolledBackTotal()).isEqualTo(1);
        assertThat(counts.committed()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = Outcome.class,
            names = {"UNDETERMINED", "UNAVAILABLE"})
    void countWhatNobodyKnows(Outcome outcome) {
        counters.ended(outcome, null, false, false);

        assertThat(counters.read().unknown()).isEqualTo(1);
    }

    @Test
    void countACommitInOnePhaseNotAsReadOnly() {
        counters.ended(Outcome.COMMITTED, null, true, true);
        counters.ended(Outcome.COMMITTED, null, false, true);

        var counts = counters.read();
        assertThat(counts.onePhase()).isEqualTo(1);
        assertThat(counts.readOnly()).isEqualTo(1);
        assertThat(counts.committed()).isEqualTo(2);
    }
}
