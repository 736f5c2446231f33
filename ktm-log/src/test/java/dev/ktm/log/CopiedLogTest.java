package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two logs with one identity would finish each other's transactions: a copy has to be declared. */
class CopiedLogTest {

    @TempDir
    Path directory;

    private Path copy;
    private UUID identity;

    @BeforeEach
    void copyALog() throws IOException {
        var original = directory.resolve("original");
        try (var log = Log.open(original, LogOptions.defaults())) {
            identity = log.identity();
        }
        copy = Files.createDirectory(directory.resolve("copy"));
        try (var files = Files.list(original)) {
            for (var file : files.toList()) {
                Files.copy(file, copy.resolve(String.valueOf(file.getFileName())));
            }
        }
    }

    @Test
    void isRefusedUntilItIsDeclared() {
        assertThatExceptionOfType(LogRefusedException.class)
                .isThrownBy(() -> Log.open(copy, LogOptions.defaults()))
                .satisfies(refusal -> assertThat(refusal.error()).isEqualTo(LogError.COPIED))
                .withMessageContaining(identity.toString());
    }

    @Test
    void keepsItsIdentityWhenItWasMoved() throws LogException {
        assertThat(identityAfter(LogOptions.Copy.MOVED)).isEqualTo(identity);
        assertThat(identityAfter(LogOptions.Copy.REFUSED)).isEqualTo(identity);
    }

    @Test
    void getsAnIdentityOfItsOwnWhenItWasCloned() throws LogException {
        var own = identityAfter(LogOptions.Copy.CLONED);

        assertThat(own).isNotEqualTo(identity);
        assertThat(identityAfter(LogOptions.Copy.REFUSED)).isEqualTo(own);
    }

    private UUID identityAfter(LogOptions.Copy how) throws LogException {
        try (var log = Log.open(copy, LogOptions.builder().copy(how).build())) {
            return log.identity();
        }
    }
}
