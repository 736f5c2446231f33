package dev.ktm.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lines of a request. */
class OperatorRequestTest {

    @Test
    void whatIsWrittenIsReadAgain() throws Exception {
        var arguments = Map.of("id", "1", "reason", "two\nlines\r\\n: and a backslash \\");

        var read = OperatorRequest.parse(OperatorRequest.format("force-commit", arguments), "jane");

        assertThat(read).isEqualTo(new OperatorRequest("force-commit", arguments, "jane"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "GET / HTTP/1.1\n\n",
                "KTM/2 manager\n\n",
                "KTM/1 \n\n",
                "KTM/1 Manager\n\n",
                "KTM/1 ../x\n\n",
                "KTM/1 manager\nid\n\n",
                "KTM/1 manager\n: x\n\n",
                "KTM/1 manager\nid: 1\nid: 2\n\n",
                "KTM/1 manager\nid: \\x\n\n",
                "KTM/1 manager\nid: \\\n\n"
            })
    void whatIsNoRequestIsRefusedWithWhatWasExpected(String text) {
        assertThatThrownBy(() -> OperatorRequest.parse(text, "jane"))
                .isInstanceOfSatisfying(
                        OperatorException.class, e -> assertThat(e.code()).isEqualTo(OperatorException.Code.USAGE))
                .hasMessageMatching("expected .*, found .*");
    }

    @Test
    void rubbishIsRefusedAndNothingElse() {
        var random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            var bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            var text = (i % 2 == 0 ? "KTM/1 manager\n" : "") + new String(bytes, StandardCharsets.ISO_8859_1) + "\n\n";
            try {
                assertThat(OperatorRequest.parse(text, "jane").verb()).isEqualTo("manager");
            } catch (OperatorException e) {
                assertThat(e.getMessage()).as("nothing that steers a terminal").doesNotMatch("(?s).*\\p{Cc}.*");
            }
        }
    }
}
