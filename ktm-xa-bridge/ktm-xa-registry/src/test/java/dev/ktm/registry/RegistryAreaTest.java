package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktm.operator.Json;
import dev.ktm.operator.OperatorException;
import dev.ktm.operator.OperatorRequest;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What operators see of a registry and do with it. */
class RegistryAreaTest {

    @AutoClose
    private final Site site;

    RegistryAreaTest() throws Exception {
        site = new Site();
    }

    private @Nullable Object ask(String verb, String... arguments) throws OperatorException {
        var named = new HashMap<String, String>();
        for (int i = 0; i < arguments.length; i += 2) {
            named.put(arguments[i], arguments[i + 1]);
        }
        return site.ktm().operations().answer(new OperatorRequest("registry." + verb, named, "jane"));
    }

    private OperatorException.Code codeOf(String verb, String... arguments) {
        return catchThrowableOfType(OperatorException.class, () -> ask(verb, arguments))
                .code();
    }

    @Test
    void keysAndValuesAreAddedShownAndDeleted() throws Exception {
        ask("add", "path", "a\\b", "value", "size", "type", "REG_DWORD", "data", "0x10");
        ask("add", "path", "a\\b", "value", "name", "data", "x");
        ask("add", "path", "a\\b", "value", "all", "type", "multi_sz", "data", "x\ny");
        ask("add", "path", "a\\b", "value", "raw", "type", "BINARY", "data", "00ff");
        ask("add", "path", "a\\c");

        assertThat(site.root().openKey("a\\b").value("size").asInt()).hasValue(16);
        assertThat(Json.of(ask("query", "path", "a")))
                .startsWith("{\"path\":\"a\",\"className\":\"\",\"lastWriteTime\":\"19")
                .contains("\"subkeys\":[\"b\",\"c\"]", "\"values\":[]");
        assertThat(Json.of(ask("query", "path", "a\\b")))
                .contains("{\"name\":\"size\",\"type\":\"DWORD\",\"data\":\"10000000\",\"text\":\"16\"}")
                .contains("{\"name\":\"raw\",\"type\":\"BINARY\",\"data\":\"00ff\",\"text\":null}")
                .contains("\"text\":\"x\\ny\"");
        assertThat(Json.of(ask("query"))).contains("\"path\":\"\"", "\"subkeys\":[\"a\"]");
        assertThat(Json.of(ask("hives"))).contains("\"name\":\"main\"");

        ask("delete", "path", "a\\b", "value", "size");
        assertThat(site.root().openKey("a\\b").find("size")).isEmpty();
        assertThat(codeOf("delete", "path", "a\\b", "value", "size")).isEqualTo(OperatorException.Code.NOT_FOUND);
        ask("delete", "path", "a\\c");
        assertThat(codeOf("delete", "path", "a")).isEqualTo(OperatorException.Code.REFUSED);
        ask("delete", "path", "a", "tree", "true");
        assertThat(site.root().subkeys()).isEmpty();
    }

    private String exported() throws OperatorException {
        return ask("export", "path", "a", "prefix", "HKEY_LOCAL_MACHINE") instanceof Map<?, ?> answer
                ? String.valueOf(answer.get("text"))
                : "";
    }

    @Test
    void whatIsExportedIsImportedAgain() throws Exception {
        ask("add", "path", "a\\b", "value", "name", "data", "x");
        var exported = exported();
        assertThat(exported).contains("[HKEY_LOCAL_MACHINE\\a\\b]", "\"name\"=\"x\"");
        ask("delete", "path", "a", "tree", "true");

        ask("import", "text", exported, "prefix", "HKEY_LOCAL_MACHINE");

        assertThat(site.root().openKey("a\\b").value("name").asString()).hasValue("x");
    }

    @Test
    void theRootIsExportedUnderAPrefixOnly() throws Exception {
        ask("add", "path", "a");

        var refused = catchThrowableOfType(OperatorException.class, () -> ask("export"));

        assertThat(refused.code()).isEqualTo(OperatorException.Code.USAGE);
        assertThat(refused).hasMessageContainingAll("found the root", "give a prefix");
        assertThat(ask("export", "prefix", "HKEY_LOCAL_MACHINE"))
                .extracting(String::valueOf)
                .asString()
                .contains("[HKEY_LOCAL_MACHINE]", "[HKEY_LOCAL_MACHINE\\a]");
    }

    @Test
    void whatMakesNoSenseIsRefusedAndChangesNothing() throws Exception {
        assertThat(codeOf("no-such")).isEqualTo(OperatorException.Code.USAGE);
        assertThat(codeOf("add", "path", " ")).isEqualTo(OperatorException.Code.USAGE);
        assertThat(codeOf("add", "path", "a", "type", "DWORD", "data", "many")).isEqualTo(OperatorException.Code.USAGE);
        assertThat(codeOf("add", "path", "a", "type", "LINK", "data", "x")).isEqualTo(OperatorException.Code.USAGE);
        assertThat(codeOf("import", "text", "rubbish")).isEqualTo(OperatorException.Code.USAGE);
        assertThat(codeOf("query", "path", "none")).isEqualTo(OperatorException.Code.NOT_FOUND);
        assertThat(site.root().subkeys()).isEmpty();
    }

    @Test
    void whatATransactionHasChangedIsLeftToIt() throws Exception {
        site.begin();
        site.registry().transactedRoot().createKey("a").setValue(RegistryValue.dword("v", 1));

        assertThat(codeOf("add", "path", "a", "value", "v", "data", "x")).isEqualTo(OperatorException.Code.REFUSED);
        assertThat(codeOf("query", "path", "a")).isEqualTo(OperatorException.Code.NOT_FOUND);

        site.commit();
        assertThat(Json.of(ask("query", "path", "a"))).contains("\"text\":\"1\"");
    }

    @Test
    void nobodyAnswersForARegistryThatIsClosed() {
        site.registry().close();

        assertThat(codeOf("query")).isEqualTo(OperatorException.Code.NOT_FOUND);
    }
}
