package dev.ktm.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.proof.Plan.Disk;
import dev.ktm.proof.Plan.What;
import dev.ktm.proof.Plan.When;
import dev.ktm.servers.Kind;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlanTest {

    private static final List<Kind> ALL = List.of(Kind.values());

    private static List<Plan> plans(long seed, int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(life -> Plan.of(seed, life, ALL))
                .toList();
    }

    @Test
    void aSeedPlansTheSameHarmAgain() {
        assertThat(plans(5, 200)).isEqualTo(plans(5, 200));
        assertThat(plans(5, 200)).isNotEqualTo(plans(6, 200));
    }

    @Test
    void aThousandLivesMeetEverythingThatCanHappen() {
        var plans = plans(1, 1_000);

        assertThat(plans).extracting(plan -> plan.ending().when()).contains(When.values());
        assertThat(plans).extracting(Plan::disk).contains(Disk.values());
        assertThat(plans).flatMap(Plan::harms).extracting(Plan.Harm::what).contains(What.values());
        assertThat(plans).extracting(plan -> plan.ending().step()).containsAll(Plan.steps(ALL));
    }

    @Test
    void halfOfTheLivesAreToKillAServer() {
        long kills = plans(1, 2_000).stream()
                .flatMap(plan -> plan.harms().stream())
                .filter(harm -> harm.what() == What.KILL || harm.what() == What.KILL_BEFORE_REPLY)
                .count();

        assertThat(kills).isGreaterThan(1_000);
    }

    @Test
    void everyServerIsKilled() {
        assertThat(plans(1, 500).stream()
                        .flatMap(plan -> plan.harms().stream())
                        .filter(harm -> harm.what() == What.KILL)
                        .map(Plan.Harm::server)
                        .collect(Collectors.toSet()))
                .containsAll(ALL);
    }
}
