package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.operator.Json;
import dev.ktm.operator.OperatorException;
import dev.ktm.operator.OperatorRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators see of transacted files. */
class FilesAreaTest {

    @TempDir
    private Path directory;

    private Path root;
    private Ktm ktm;
    private TransactedFiles files;

    @BeforeEach
    void open() throws Exception {
        ktm = Ktm.open(KtmOptions.builder()
                .logDirectory(directory.resolve("log"))
                .operatorChannel(false)
                .build());
        root = Files.createDirectory(directory.resolve("root"));
        files = TransactedFiles.open(ktm, "settings", root);
    }

    @AfterEach
    void close() {
        files.close();
        ktm.close();
    }

    private @Nullable Object ask(String verb, String... arguments) throws OperatorException {
        var named = new HashMap<String, String>();
        for (int i = 0; i < arguments.length; i += 2) {
            named.put(arguments[i], arguments[i + 1]);
        }
        return ktm.operations().answer(new OperatorRequest("files." + verb, named, "jane"));
    }

    @Test
    @Conforms("OPS-08")
    void aFileNamesTheTransactionThatHasLockedIt() throws Exception {
        var file = files.fileSystem().getPath("/app.conf");
        Files.writeString(file, "old");
        ktm.userTransaction().begin();
        Files.writeString(file, "new");
        var unit = ktm.operations().transactions().get(0).unitOfWork().toString();

        assertThat(Json.of(ask("fileinfo", "path", root.resolve("app.conf").toString())))
                .isEqualTo("[{\"root\":\"settings\",\"file\":\"/app.conf\",\"isLocked\":true,\"unitOfWork\":\"" + unit
                        + "\",\"isPrepared\":false}]");
        assertThat(Json.of(ask("fileinfo", "path", "/app.conf", "name", "settings")))
                .contains("\"isLocked\":true", unit);
        assertThat(Json.of(ask("locked"))).contains(unit, "\"name\":\"app.conf\"");
        assertThat(Json.of(ask("locked", "id", "no such"))).isEqualTo("[]");

        ktm.userTransaction().commit();
        assertThat(Json.of(ask("fileinfo", "path", root.resolve("app.conf").toString())))
                .contains("\"isLocked\":false", "\"unitOfWork\":null");
        assertThat(Json.of(ask("locked"))).isEqualTo("[]");
    }

    @Test
    void everyRootIsListedAndAFileThatIsInNoneIsNotFound() throws Exception {
        var second = Files.createDirectory(directory.resolve("second"));
        try (var other = TransactedFiles.open(ktm, "other", second)) {
            assertThat(other.inDoubt()).isEmpty();
            assertThat(Json.of(ask("roots")))
                    .contains("\"name\":\"settings\"", "\"name\":\"other\"", "\"directory\":\"" + second.toRealPath());
            assertThat(Json.of(ask("fileinfo", "path", second.resolve("x").toString())))
                    .contains("\"root\":\"other\"");
        }
        assertThat(Json.of(ask("roots"))).doesNotContain("other");
        assertThat(Json.of(ask("fileinfo", "path", "/etc/passwd"))).isEqualTo("[]");
        assertThat(catchThrowableOfType(OperatorException.class, () -> ask("fileinfo"))
                        .code())
                .isEqualTo(OperatorException.Code.USAGE);
        assertThat(catchThrowableOfType(OperatorException.class, () -> ask("delete"))
                        .code())
                .isEqualTo(OperatorException.Code.USAGE);
    }

    @Test
    void nobodyAnswersForFilesThatAreClosed() {
        files.close();

        assertThat(catchThrowableOfType(OperatorException.class, () -> ask("roots"))
                        .code())
                .isEqualTo(OperatorException.Code.NOT_FOUND);
    }
}
