package dev.ktm.glassfish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class ServerOptionsTest {

    private static final Path ROOT = Path.of("root");

    private static ServerOptions of(Map<String, String> properties) {
        var all = new Properties();
        all.putAll(properties);
        return ServerOptions.of(all, ROOT);
    }

    @Test
    void theLogIsInTheInstanceUnlessSomethingElseIsSaid() {
        assertThat(of(Map.of()).coordinator().logDirectory()).contains(ROOT.resolve("ktm-log"));
        assertThat(of(Map.of("ktm.logDirectory", "other")).coordinator().logDirectory())
                .contains(Path.of("other"));
    }

    @Test
    void itIsInMemoryOnlyIfThatIsSaid() {
        var options = of(Map.of("ktm.inMemory", "true"));

        assertThat(options.coordinator().isInMemory()).isTrue();
        assertThat(options.place()).isEqualTo("memory only: nothing survives a crash");
        assertThat(of(Map.of("ktm.inMemory", "false")).coordinator().isInMemory())
                .isFalse();
    }

    @Test
    void optionsAreReadByTheirNamesAndTheRestIsLeftAlone() {
        var options = of(Map.of(
                "ktm.nodeName", "one", "ktm.recoveryInterval", "5", "ktm.parallel", "true", "other.property", "x"));

        assertThat(options.coordinator().nodeName()).isEqualTo("one");
        assertThat(options.coordinator().recoveryInterval()).isEqualTo(Duration.ofSeconds(5));
        assertThat(options.coordinator().isParallel()).isTrue();
    }

    @Test
    void theServerKeepsTheTimeOfTransactions() {
        var options = of(Map.of("ktm.defaultTimeout", "PT1.2S"));

        assertThat(options.coordinator().defaultTimeout()).isZero();
        assertThat(options.defaultTimeoutSeconds()).isEqualTo(2);
        assertThat(of(Map.of()).defaultTimeoutSeconds()).isZero();
    }

    @Test
    void whatIsWrongIsSaidWithTheNameOfItsProperty() {
        assertThatThrownBy(() -> of(Map.of("ktm.logDir", "x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("property ktm.logDir: expected one of logDirectory, inMemory,")
                .hasMessageEndingWith("found logDir");
        assertThatThrownBy(() -> of(Map.of("ktm.parallel", "yes")))
                .hasMessage("property ktm.parallel: expected true or false for parallel, found yes");
        assertThatThrownBy(() -> of(Map.of("ktm.defaultTimeout", "soon")))
                .hasMessageStartingWith("property ktm.defaultTimeout: expected seconds for defaultTimeout");
        assertThatThrownBy(() -> of(Map.of("ktm.inMemory", "true", "ktm.logDirectory", "x")))
                .hasMessageStartingWith("properties ktm.logDirectory and ktm.inMemory: expected exactly one of");
    }
}
