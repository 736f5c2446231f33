package dev.ktm.log.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TearsTest {

    private final Tears tears = new Tears(1);

    @ParameterizedTest
    @EnumSource
    void startWithLostAndKeptWhole(Tears.Detail detail) {
        assertThat(tears.of(3, detail).subList(0, 2))
                .extracting(Tear::toString)
                .containsExactly("old 0-23", "new 0-23");
    }

    @Test
    void containEverySubsetOfTheSectorsOfABlock() {
        var subsets = new HashSet<Integer>();

        tears.of(1, Tears.Detail.SUBSETS).stream()
                .filter(tear -> tear.zeroed(0) == 0)
                .forEach(tear -> subsets.add(tear.kept(0)));

        assertThat(subsets).hasSize(256);
    }

    @Test
    void containThePatternsOfALongerWrite() {
        assertThat(tears.of(2, Tears.Detail.PATTERNS))
                .extracting(Tear::toString)
                .contains(
                        "new 0-2, old 3-15",
                        "old 0-2, new 3-15",
                        "new 0-2, zero 3-15",
                        "zero 0-2, new 3-15",
                        "new 0-8, old 9, new 10-15",
                        "new 0-8, zero 9, new 10-15",
                        "zero 0-15")
                .doesNotHaveDuplicates();
    }

    @Test
    void stayFewForVeryLongWrites() {
        assertThat(tears.of(256, Tears.Detail.SUBSETS)).hasSizeBetween(100, 600);
    }

    @Test
    void areTheSameForTheSameSeed() {
        var detail = Tears.Detail.SUBSETS;

        assertThat(new Tears(5).of(4, detail)).isEqualTo(new Tears(5).of(4, detail));
        assertThat(new Tears(5).of(4, detail)).isNotEqualTo(new Tears(6).of(4, detail));
    }
}
