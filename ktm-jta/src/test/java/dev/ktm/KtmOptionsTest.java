package dev.ktm;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options by their names, as containers have them. */
class KtmOptionsTest {

    @Test
    void eachIsWhatItsMethodSays() {
        var builder = KtmOptions.builder();
        var said = Map.ofEntries(
                entry("logDirectory", "some/log"),
                entry("inMemory", "false"),
                entry("nodeName", " east "),
                entry("defaultTimeout", "90"),
                entry("recoveryInterval", "PT0.5S"),
                entry("parallel", "true"),
                entry("resourceTimeout", "7"),
                entry("logPinLimit", "PT2M"),
                entry("operatorChannel", "false"),
                entry("operatorDirectory", "channels"),
                entry("jmx", "true"));
        assertThat(said.keySet()).containsExactlyInAnyOrderElementsOf(KtmOptions.Builder.NAMES);
        said.forEach(builder::option);

        var options = builder.build();

        assertThat(options.logDirectory()).contains(Path.of("some/log"));
        assertThat(options.isInMemory()).isFalse();
        assertThat(options.nodeName()).isEqualTo("east");
        assertThat(options.defaultTimeout()).isEqualTo(Duration.ofSeconds(90));
        assertThat(options.recoveryInterval()).isEqualTo(Duration.ofMillis(500));
        assertThat(options.isParallel()).isTrue();
        assertThat(options.resourceTimeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(options.logPinLimit()).isEqualTo(Duration.ofMinutes(2));
        assertThat(options.isOperatorChannel()).isFalse();
        assertThat(options.operatorDirectory()).isEqualTo(Path.of("channels"));
        assertThat(options.isJmx()).isTrue();
        assertThat(KtmOptions.builder().option("inMemory", "true").build().isInMemory())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    logdirectory     | x       | found logdirectory
                    logDirectory     | ' '     | expected a directory
                    inMemory         | yes     | expected true or false for inMemory, found yes
                    defaultTimeout   | 1 min   | expected seconds for defaultTimeout
                    defaultTimeout   | -1      | of zero or more
                    defaultTimeout   | 99999999999999999999 | expected seconds for defaultTimeout
                    recoveryInterval | 0       | above zero
                    """)
    void otherwiseItSaysWhatIsExpected(String name, String value, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KtmOptions.builder().option(name, value))
                .withMessageContaining(message);
    }
}
