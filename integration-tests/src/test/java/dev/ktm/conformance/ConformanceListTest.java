package dev.ktm.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.conformance.ConformanceList.Statement;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ConformanceListTest {
    @Test
    void theProductHasTheseManyStatementsInEachGroup() {
        var list = ConformanceList.ofThisProduct();

        var sizes = list.statements().stream().collect(Collectors.groupingBy(Statement::group, Collectors.counting()));

        assertThat(sizes)
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "KTM", 142L, "REC", 28L, "CLFS", 39L, "TXF", 86L, "TXR", 27L, "DTC", 10L, "OPS", 15L, "JTA",
                        24L));
    }

    @Test
    void everyIdentifierStartsWithItsGroupAndEndsWithANumber() {
        var list = ConformanceList.ofThisProduct();

        assertThat(list.statements())
                .allSatisfy(statement -> assertThat(statement.id()).matches(statement.group() + "(-[A-Z]+)?-\\d{2}"));
    }

    @Test
    void commentsAndEmptyLinesAreNoStatements() {
        var list = ConformanceList.parse(List.of("# comment", "", "LOG-01\tLOG\tit logs"), List.of());

        assertThat(list.statements()).containsExactly(new Statement("LOG-01", "LOG", "it logs"));
    }

    @Test
    void refusesAStatementListedTwice() {
        var lines = List.of("LOG-01\tLOG\tit logs", "LOG-01\tLOG\tit logs again");

        assertThatThrownBy(() -> ConformanceList.parse(lines, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("LOG-01");
    }

    @Test
    void refusesAReasonForAnUnknownStatement() {
        var lines = List.of("LOG-01\tLOG\tit logs");

        assertThatThrownBy(() -> ConformanceList.parse(lines, List.of("LOG-02\tnobody needs it")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("LOG-02");
    }

    @Test
    void refusesAStatementThatDoesNotApplyWithoutAReason() {
        var lines = List.of("LOG-01\tLOG\tit logs");

        assertThatThrownBy(() -> ConformanceList.parse(lines, List.of("LOG-01\t ")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 filled columns");
    }
}
