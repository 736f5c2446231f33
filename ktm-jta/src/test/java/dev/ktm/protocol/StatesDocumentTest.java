package dev.ktm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.TransactionState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The document about states shows those that there are, and what the code allows in them. */
class StatesDocumentTest {

    private static String document() throws IOException {
        return Files.readString(Path.of("docs", "states.md"), StandardCharsets.UTF_8);
    }

    private static String matrix() {
        var replies = Arrays.asList(Reply.values());
        var head = "| State | " + replies.stream().map(Reply::toString).collect(Collectors.joining(" | ")) + " |\n";
        var line = "|---|" + "---|".repeat(replies.size()) + "\n";
        return head
                + line
                + Arrays.stream(EnlistmentState.values())
                        .map(state -> "| " + state + " | "
                                + replies.stream()
                                        .map(reply -> cell(reply, state))
                                        .collect(Collectors.joining(" | "))
                                + " |")
                        .collect(Collectors.joining("\n"));
    }

    private static String cell(Reply reply, EnlistmentState state) {
        return reply.after(state)
                .map(EnlistmentState::toString)
                .orElse(reply.refusal().code() == 6703 ? "NR" : "NV");
    }

    @Test
    void itShowsTheMatrixOfReplies() throws IOException {
        assertThat(document()).contains(matrix());
    }

    @Test
    void itNamesEveryStateOfATransaction() throws IOException {
        assertThat(document())
                .contains(Arrays.stream(TransactionState.values())
                        .map(state -> "| " + state + " |")
                        .toList());
    }
}
