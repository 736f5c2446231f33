package dev.ktm.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.servers.Kind;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The campaign finds whoever does wrong, in a few lives. */
class PlantedBugsTest {

    private static final long SEED = 1;

    @TempDir
    Path directory;

    static Stream<Arguments> bugs() {
        var databases = List.of(Kind.H2, Kind.DERBY);
        return Stream.of(
                Arguments.of(PlantedBug.COMMITS_INSTEAD_OF_ROLLBACK, databases, "is with"),
                Arguments.of(
                        PlantedBug.ACKNOWLEDGES_BEFORE_COMMIT, databases, "its commit returned, and it is not with"),
                Arguments.of(PlantedBug.LOSES_THE_LOG, databases, "and not with"),
                Arguments.of(PlantedBug.SENDS_TWICE, List.of(Kind.ARTEMIS), "is 2 times with ARTEMIS"),
                Arguments.of(PlantedBug.WRITES_OUTSIDE, databases, "is with"),
                Arguments.of(PlantedBug.TOUCHES_FOREIGN, databases, "somebody else's branch is gone: DERBY"),
                Arguments.of(PlantedBug.LEAVES_A_FILE, databases, "a file of the work area"),
                Arguments.of(PlantedBug.FORGETS_A_COMMIT, databases, "its commit returned, and it is not with"),
                Arguments.of(
                        PlantedBug.IGNORES_THE_OPERATOR, databases, "was rolled back by an operator, and is with"));
    }

    @ParameterizedTest
    @MethodSource("bugs")
    @Tag("campaign")
    void isFound(PlantedBug bug, List<Kind> kinds, String found) throws Exception {
        var chronicle = Proof.run(new Proof.Settings(directory, SEED, kinds, 12, 0, 4, bug));

        assertThat(chronicle.violations()).anyMatch(violation -> violation.contains(found));
    }
}
