package dev.ktm.servers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A coordinator dies at a step of the protocol, another one takes its log over: then everybody has the transaction, or nobody, and
 * nothing is left prepared. What was decided is committed, and nothing else.
 */
class EveryStepTest {

    /** Where most can go wrong: everybody has voted, and the first is about to be told. */
    private static final List<String> ESSENTIAL = List.of("second after prepare", "first before commit");

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    @Tag("slow")
    @Timeout(180)
    @Conforms("JTA-13")
    void whereMostCanGoWrong(Kind kind) throws Exception {
        assumeCanRun(kind);
        try (var every = EveryStep.over(kind, Kind.H2, Way.POOLED, directory)) {
            var steps = every.steps();
            for (var step : ESSENTIAL) {
                every.haltAt(steps, step, false);
            }

            assertThat(every.reached()).containsExactlyElementsOf(ESSENTIAL);
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    @Tag("campaign")
    void everywhere(Kind kind, Kind partner, Way way, boolean serversCrashToo) throws Exception {
        assumeCanRun(kind);
        assumeCanRun(partner);
        try (var every = EveryStep.over(kind, partner, way, directory)) {
            var steps = every.steps();
            for (var step : steps) {
                every.haltAt(steps, step, serversCrashToo);
            }

            assertThat(every.unreached())
                    .as("steps of the log that no run came to, of %d", steps.size())
                    .isEmpty();
            assertThat(every.reached()).containsExactlyElementsOf(steps);
        }
    }

    /** Everybody with H2 and with its own kind, in both ways, alone and with servers that crash as well. */
    static Stream<Arguments> pairs() {
        return Stream.of(Kind.values())
                .flatMap(kind -> Stream.of(Kind.H2, kind).distinct().map(partner -> Arguments.of(kind, partner)))
                .flatMap(pair -> Stream.of(Way.values()).map(way -> Arguments.of(pair.get()[0], pair.get()[1], way)))
                .flatMap(three -> Stream.of(true, false)
                        .map(too -> Arguments.of(three.get()[0], three.get()[1], three.get()[2], too)));
    }

    private static void assumeCanRun(Kind kind) {
        var missing = kind.product().missing();
        Assumptions.assumeTrue(missing.isEmpty(), () -> kind + " is not tested: " + missing.orElseThrow());
    }
}
