package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.JavaCommand;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Another process, which has less memory than its files are large, and the root. */
@Tag("slow")
class OtherProcessTest {

    private static final int PIECES = 64;

    @TempDir
    Path directory;

    @Test
    @Timeout(value = 2, unit = TimeUnit.MINUTES)
    void filesLargerThanTheMemoryAreWrittenCopiedAndChangedAndNobodyElseGetsTheRoot() throws Exception {
        var root = Files.createDirectory(directory.resolve("root"));
        var process = new ProcessBuilder(
                        JavaCommand.of(List.of("-Xmx24m"), OtherProcess.class.getName(), directory, PIECES))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
                var ktm = Ktm.open(KtmOptions.builder()
                        .logDirectory(directory.resolve("other log"))
                        .build())) {
            assertThat(output.readLine()).isEqualTo("done");

            assertThatThrownBy(() -> TransactedFiles.open(ktm, "large", root))
                    .isInstanceOf(TxfException.class)
                    .hasStackTraceContaining("another process has locked it")
                    .extracting(Fixture::errorOf)
                    .isEqualTo(TxfError.RM_ALREADY_STARTED);

            process.getOutputStream().close();
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
        assertThat(numbers(root.resolve("large")))
                .startsWith(PIECES, 1, 2)
                .endsWith(PIECES - 1)
                .hasSize(PIECES);
        assertThat(numbers(root.resolve("copy")))
                .startsWith(0, 1, 2)
                .endsWith(PIECES - 1)
                .hasSize(PIECES);
    }

    /** The first number of each piece. */
    private static int[] numbers(Path file) throws Exception {
        int[] numbers = new int[(int) (Files.size(file) / OtherProcess.PIECE_BYTES)];
        try (var input = new DataInputStream(Files.newInputStream(file))) {
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = input.readInt();
                input.skipNBytes(OtherProcess.PIECE_BYTES - Integer.BYTES);
            }
        }
        return numbers;
    }
}
