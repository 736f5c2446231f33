package dev.ktm.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The check counts only because it finds these. */
class CheckTest {

    private static final String FIRST = new Release(1).toString();

    private final Ledger ledger = new Ledger();

    private Check check(Map<Integer, String> inventory, Map<Integer, String> audit, Map<Integer, String> queue) {
        var held = new LinkedHashMap<String, Map<Integer, String>>();
        held.put("inventory", inventory);
        held.put("audit", audit);
        held.put("queue", queue);
        return Check.of(held, ledger);
    }

    private Check everywhere() {
        return check(Map.of(1, FIRST), Map.of(1, FIRST), Map.of(1, FIRST));
    }

    private Check nowhere() {
        return check(Map.of(), Map.of(), Map.of());
    }

    @Test
    void whatIsEverywhereOrNowhereAgrees() {
        ledger.note(1, Ledger.Said.NOTHING);

        assertThat(everywhere().disagreements()).isEmpty();
        assertThat(nowhere().disagreements()).isEmpty();
    }

    @Test
    void whatIsNotEverywhereDoesNot() {
        ledger.note(1, Ledger.Said.NOTHING);

        assertThat(check(Map.of(1, FIRST), Map.of(), Map.of(1, FIRST)).disagreements())
                .hasSize(1);
        assertThat(check(Map.of(1, FIRST), Map.of(1, FIRST), Map.of()).disagreements())
                .hasSize(1);
        assertThat(check(Map.of(), Map.of(), Map.of(1, FIRST)).disagreements()).hasSize(1);
        assertThat(check(Map.of(1, FIRST), Map.of(1, FIRST), Map.of(1, FIRST + " and " + FIRST))
                        .disagreements())
                .hasSize(1);
    }

    @Test
    void whatWasAcknowledgedMustBeThere() {
        ledger.note(1, Ledger.Said.COMMITTED);

        assertThat(everywhere().disagreements()).isEmpty();
        assertThat(nowhere().disagreements()).hasSize(1);
    }

    @Test
    void whatWasRolledBackMustNotBeThere() {
        ledger.note(1, Ledger.Said.ROLLED_BACK);

        assertThat(nowhere().disagreements()).isEmpty();
        assertThat(everywhere().disagreements()).hasSize(1);
    }

    @Test
    void whatNobodyBegunMustNotBeThere() {
        assertThat(everywhere().disagreements()).hasSize(1);
    }

    @Test
    void aComponentHasTheBinaryOfItsLastRelease() {
        ledger.note(1, Ledger.Said.COMMITTED);
        var release = new Release(1);
        var binary = release.component() + "-" + release.version();

        var right = everywhere();
        right.compareCurrent("binaries", Map.of(release.component(), binary));
        assertThat(right.disagreements()).isEmpty();
        var wrong = everywhere();
        wrong.compareCurrent("binaries", Map.of());
        wrong.compareCurrent("binaries", Map.of(release.component(), binary + " and another"));
        assertThat(wrong.disagreements()).hasSize(2);
    }

    @Test
    void whereItDiedTellsWhatMustHaveBecomeOfIt() {
        ledger.note(1, Ledger.Said.NOTHING);
        ledger.died(new Ledger.Death(1, CrashPoint.AFTER_LAST_VOTE));
        assertThat(nowhere().disagreements()).isEmpty();
        assertThat(everywhere().disagreements()).hasSize(1);

        ledger.died(new Ledger.Death(1, CrashPoint.AFTER_DECISION));
        assertThat(nowhere().disagreements()).hasSize(1);
    }

    @Test
    void whatAProcessTellsIsWhatItsParentHears() {
        var told = Holdings.none();
        told.rows().put("inventory", Map.of(1, FIRST, 2, "with  two blanks"));
        told.rows().put("queue", Map.of());
        told.binaries().put("shop", "shop-1 and shop-2");
        told.current().put("shop", "shop-1");
        var heard = Holdings.none();

        told.tell(line -> assertThat(heard.hear(line)).isTrue());
        assertThat(heard).isEqualTo(told);
        assertThat(heard.hear("begun 3")).isFalse();
    }

    @Test
    void aResourceThatHoldsNothingIsComparedAsWell() {
        ledger.note(1, Ledger.Said.NOTHING);
        var told = Holdings.none();
        told.rows().put("inventory", Map.of(1, FIRST));
        told.rows().put("queue", Map.of());
        var heard = Holdings.none();
        told.tell(heard::hear);

        assertThat(Check.of(heard, ledger).disagreements()).anyMatch(each -> each.startsWith("release 1: inventory"));
    }
}
