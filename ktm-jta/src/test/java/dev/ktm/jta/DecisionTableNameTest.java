package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the table of decisions may be called, and that the guide makes the same one as everybody else. */
class DecisionTableNameTest {

    @Test
    void theGuideMakesTheTableThatIsExpected() throws Exception {
        var guide = Files.readString(Path.of("docs", "last-resource.md"), StandardCharsets.UTF_8);

        assertThat(guide).contains("`" + DecisionTableName.DEFAULT.creation() + "`");
    }

    @Test
    void aSchemaStandsInFront() {
        var name = new DecisionTableName("ledger.decisions");

        assertThat(name.schema()).contains("ledger");
        assertThat(name.table()).isEqualTo("decisions");
        assertThat(name.creation("VARCHAR2(36)", "NUMBER(19)"))
                .startsWith("CREATE TABLE ledger.decisions (manager_id VARCHAR2(36) NOT NULL, incarnation NUMBER(19)");
        assertThat(DecisionTableName.DEFAULT.schema()).isEmpty();
        assertThat(DecisionTableName.DEFAULT.table()).isEqualTo("ktm_decision");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b.c", "\"quoted\"", "t; DROP TABLE t", "1st", "a.", ".a", "with space"})
    void whatIsNoNameIsRefused(String text) {
        assertThatThrownBy(() -> new DecisionTableName(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ledger.ktm_decision")
                .hasMessageContaining("found \"" + text + "\"");
    }
}
