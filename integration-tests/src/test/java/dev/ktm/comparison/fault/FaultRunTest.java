package dev.ktm.comparison.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktm.comparison.fault.Judge.Sentence;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** KTM does what is expected when something goes wrong: in short what the comparison tries in full. */
@Tag("slow")
class FaultRunTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void ktmDoesWhatIsExpectedWhen(Fault fault) throws Exception {
        assumeTrue(
                FaultRun.missing(fault).isEmpty(), () -> FaultRun.missing(fault).orElseThrow());

        var sentences = Judge.of(FaultRun.of(fault, FaultProduct.KTM, FaultSize.SHORT, directory));

        assertThat(sentences).isNotEmpty().allMatch(Sentence::expected);
    }
}
