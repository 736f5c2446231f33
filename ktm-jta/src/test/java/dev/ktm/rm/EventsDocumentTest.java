package dev.ktm.rm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The list of events that operators read is that of the code. */
class EventsDocumentTest {

    private static final Path DOCUMENT = Path.of("../ktm-xa-bridge/docs/events.md");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d+) \\| `(\\w+)` \\|(?: [^|]+ \\|){4}$");

    @Test
    void everyKindOfReportIsExplainedUnderItsNumber() throws Exception {
        var rows = ROW.matcher(Files.readString(DOCUMENT))
                .results()
                .map(row -> row.group(1) + " " + row.group(2))
                .toList();

        assertThat(rows)
                .containsExactlyElementsOf(Arrays.stream(OutcomeReport.Kind.values())
                        .map(kind -> kind.event() + " " + kind)
                        .toList());
    }

    @Test
    void noTwoKindsHaveOneNumber() {
        assertThat(Arrays.stream(OutcomeReport.Kind.values()).map(OutcomeReport.Kind::event))
                .doesNotHaveDuplicates();
    }
}
