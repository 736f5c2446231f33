package dev.ktm.log.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LongSetTest {

    @Test
    void takesEachNumberOnce() {
        var set = new LongSet();

        assertThat(LongStream.range(2, 10_000).allMatch(set::add)).isTrue();
        assertThat(LongStream.range(2, 10_000).anyMatch(set::add)).isFalse();
    }
}
