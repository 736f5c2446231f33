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
import java.util.List;
import java.util.Locale;
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
    void aFileOfANamedRootIsFoundWithAndWithoutASlashInFront() throws Exception {
        Files.writeString(files.fileSystem().getPath("/app.conf"), "old");

        for (var said :
                List.of("app.conf", "/app.conf", root.resolve("app.conf").toString())) {
            assertThat(Json.of(ask("fileinfo", "path", said, "name", "settings")))
                    .as(said)
                    .contains("\"file\":\"/app.conf\"");
        }
    }

    @Test
    void aFileInADirectoryThatIsNotThereIsNotFound() {
        var refused = catchThrowableOfType(
                OperatorException.class, () -> ask("fileinfo", "path", "/no/such/app.conf", "name", "settings"));

        assertThat(refused.code()).isEqualTo(OperatorException.Code.NOT_FOUND);
        assertThat(refused)
                .hasMessageContainingAll("expected a file", "\"settings\"", "found none at /no/such/app.conf");
    }

    @Test
    void aTransactionGoesByItsUnitOfWorkItsIdOrTheBeginningOfEither() throws Exception {
        ktm.userTransaction().begin();
        Files.writeString(files.fileSystem().getPath("/app.conf"), "new");
        var transaction = ktm.operations().transactions().get(0);
        var unit = transaction.unitOfWork().toString();
        var id = transaction.id().orElseThrow().toString();

        for (var said : List.of(
                unit, unit.toUpperCase(Locale.ROOT), unit.substring(0, 8), id, id.substring(0, id.length() - 2))) {
            assertThat(Json.of(ask("locked", "id", said))).as(said).contains(unit, "app.conf");
        }
        ktm.userTransaction().rollback();
    }

    @Test
    void aTransactionThatNobodyKnowsIsNotFoundAndOneWithoutFilesHasLockedNone() throws Exception {
        ktm.userTransaction().begin();
        var unit = ktm.operations().transactions().get(0).unitOfWork().toString();

        assertThat(Json.of(ask("locked", "id", unit))).isEqualTo("[]");
        ktm.userTransaction().rollback();
        assertThat(catchThrowableOfType(OperatorException.class, () -> ask("locked", "id", unit))
                        .code())
                .isEqualTo(OperatorException.Code.NOT_FOUND);
    }

    @Test
    void nobodyAnswersForFilesThatAreClosed() {
        files.close();

        assertThat(catchThrowableOfType(OperatorException.class, () -> ask("roots"))
                        .code())
                .isEqualTo(OperatorException.Code.NOT_FOUND);
    }
}
