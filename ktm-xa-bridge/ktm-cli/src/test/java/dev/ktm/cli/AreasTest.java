package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registry and files on the command line. */
class AreasTest {

    @TempDir
    private Path directory;

    @Test
    void keysAreAddedShownExportedDeletedAndImported() throws Exception {
        try (var site = new Site(directory)) {
            site.openRegistryAndFiles();
            var file = directory.resolve("shop.reg").toString();

            assertThat(site.ask("reg", "add", "Shop\\Mail", "--value", "port", "--type", "DWORD", "--data", "0x19"))
                    .returns(0, Spoken::code);
            assertThat(site.ask("reg", "query", "Shop\\Mail").out()).contains("port", "DWORD", "25");
            assertThat(site.ask("reg", "query", "Shop", "--json")
                            .json()
                            .at("/subkeys/0")
                            .asText())
                    .isEqualTo("Mail");
            assertThat(site.ask("reg", "export", "Shop", file)).returns(0, Spoken::code);
            assertThat(site.ask("reg", "export", "Shop", file)).returns(4, Spoken::code);
            assertThat(site.ask("reg", "delete", "Shop", "--tree")).returns(2, Spoken::code);
            assertThat(site.askAnswering("no\n", "reg", "delete", "Shop", "--tree"))
                    .returns(4, Spoken::code);
            assertThat(site.ask("reg", "query", "Shop")).returns(0, Spoken::code);
            assertThat(site.ask("reg", "delete", "Shop", "--tree", "--yes")).returns(0, Spoken::code);
            assertThat(site.ask("reg", "query", "Shop")).returns(3, Spoken::code);
            assertThat(site.ask("reg", "import", file, "--yes")).returns(0, Spoken::code);
            assertThat(site.ask("reg", "query", "Shop\\Mail").out()).contains("port", "DWORD", "25");
        }
    }

    @Test
    void whatMakesNoSenseChangesNothing() throws Exception {
        try (var site = new Site(directory)) {
            site.openRegistryAndFiles();
            var rubbish = Files.writeString(directory.resolve("rubbish.reg"), "rubbish")
                    .toString();

            assertThat(site.ask("reg", "add", "Shop", "--value", "port")).returns(2, Spoken::code);
            assertThat(site.ask("reg", "add", "Shop", "--type", "DWORD", "--data", "many"))
                    .returns(2, Spoken::code);
            assertThat(site.ask("reg", "import", rubbish, "--yes")).returns(2, Spoken::code);
            assertThat(site.ask("reg", "import", rubbish + "x", "--yes")).returns(3, Spoken::code);
            assertThat(site.ask("reg", "delete", "Shop", "--tree", "--value", "x", "--yes"))
                    .returns(2, Spoken::code);
            assertThat(site.ask("reg", "query", "--json").json().path("subkeys"))
                    .isEmpty();
        }
    }

    @Test
    @Conforms("OPS-08")
    void aFileNamesTheTransactionThatHasLockedIt() throws Exception {
        try (var site = new Site(directory)) {
            site.openRegistryAndFiles();
            var unit = site.onlyTransaction();

            var info = site.ask(
                    "files", "info", directory.resolve("settings/app.conf").toString());
            var elsewhere =
                    site.ask("files", "info", directory.resolve("other.conf").toString());

            assertThat(info.out()).contains(unit, "app.conf", "yes");
            assertThat(info.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(elsewhere.code()).isEqualTo(ExitCode.NOT_FOUND.number());
            assertThat(site.ask("files", "locked").out()).contains(unit, "app.conf");
            assertThat(site.ask("files", "locked", unit.substring(0, 8)).out()).contains(unit);
            assertThat(site.ask("files", "roots").out()).contains("settings");
        }
    }

    @Test
    void anEmptyTextIsShownAsOneAndNotAsItsBytes() throws Exception {
        try (var site = new Site(directory)) {
            site.openRegistryAndFiles();
            site.ask("reg", "add", "Shop", "--value", "e", "--data", "");
            site.ask("reg", "add", "Shop", "--value", "m", "--type", "MULTI_SZ", "--data", "");
            site.ask("reg", "add", "Shop", "--value", "b", "--type", "BINARY", "--data", "0000");

            var shown = site.ask("reg", "query", "Shop").out();

            assertThat(shown.lines().map(String::strip))
                    .contains("e      SZ", "m      MULTI_SZ", "b      BINARY    0000");
        }
    }

    @Test
    void theRootIsExportedUnderAPrefixOnly() throws Exception {
        try (var site = new Site(directory)) {
            site.openRegistryAndFiles();

            var refused = site.ask("reg", "export", "");
            var exported = site.ask("reg", "export", "", "--prefix", "HKEY_LOCAL_MACHINE");

            assertThat(refused.code()).isEqualTo(ExitCode.USAGE.number());
            assertThat(refused.err()).contains("ktm: expected --prefix with the root", "needs a name");
            assertThat(exported.out()).contains("[HKEY_LOCAL_MACHINE]");
        }
    }

    @Test
    void anExportToAFileIsOneDocumentWithJson() throws Exception {
        try (var site = new Site(directory)) {
            site.openRegistryAndFiles();
            site.ask("reg", "add", "Shop");
            var file = directory.resolve("shop.reg");

            var answer = site.ask("reg", "export", "Shop", file.toString(), "--json");

            assertThat(answer.json().path("path").asText()).isEqualTo("Shop");
            assertThat(answer.json().path("file").asText()).isEqualTo(file.toString());
            assertThat(file).content().contains("[Shop]");
        }
    }

    @Test
    void aFileOfANamedRootIsFoundWithAndWithoutASlashInFront() throws Exception {
        try (var site = new Site(directory)) {
            site.openRegistryAndFiles();

            assertThat(site.ask("files", "info", "app.conf", "--name", "settings")
                            .out())
                    .contains("/app.conf", "yes");
            assertThat(site.ask("files", "info", "/app.conf", "--name", "settings")
                            .out())
                    .contains("/app.conf", "yes");
            assertThat(site.ask("files", "info", "app.conf").code()).isEqualTo(ExitCode.NOT_FOUND.number());
            var missing = site.ask("files", "info", "no/such", "--name", "settings");
            assertThat(missing.code()).isEqualTo(ExitCode.NOT_FOUND.number());
            assertThat(missing.err()).contains("expected a file", "found none at /no/such");
        }
    }

    @Test
    void lockedFilesAreFoundByWhateverATransactionGoesBy() throws Exception {
        try (var site = new Site(directory)) {
            site.openRegistryAndFiles();
            var transaction = site.ask("list", "transactions", "--json").json().path(0);
            var unit = transaction.path("unitOfWork").asText();
            var id = transaction.path("id").asText();

            for (var said : new String[] {unit.toUpperCase(Locale.ROOT), id, id.substring(0, 20)}) {
                assertThat(site.ask("files", "locked", said).out()).as(said).contains(unit, "app.conf");
            }
            var unknown = site.ask("files", "locked", "zz");
            assertThat(unknown.code()).isEqualTo(ExitCode.NOT_FOUND.number());
            assertThat(unknown.err()).contains("found none whose unit of work or id begins with \"zz\"");
        }
    }

    @Test
    void withoutThemThereIsNobodyToAsk() throws Exception {
        try (var site = new Site(directory)) {
            assertThat(site.ask("reg", "query")).returns(3, Spoken::code);
            assertThat(site.ask("files", "roots")).returns(3, Spoken::code);
        }
    }

    @Test
    void aFileThatIsTooLongForOneRequestIsRefusedBeforeAnythingIsAsked() throws Exception {
        var file = directory.resolve("long.reg");
        try (var made = new java.io.RandomAccessFile(file.toFile(), "rw")) {
            made.setLength((15L << 20) + 1);
        }

        var spoken = Spoken.by("reg", "import", file.toString());

        assertThat(spoken.code()).isEqualTo(ExitCode.USAGE.number());
        assertThat(spoken.err()).contains("at most 15728640 bytes, found 15728641", "in parts");
    }
}
