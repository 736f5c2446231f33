package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.transaction.RollbackException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the guide are this code, and they work. */
class GuideTest {

    private static final Path SOURCE = Path.of("src/test/java/dev/ktm/registry/GuideTest.java");
    private static final Path GUIDE = Path.of("../docs/registry.md");
    private static final Pattern EXAMPLE =
            Pattern.compile("\\n +// guide\\n(.*?)\\n +// end of guide\\n", Pattern.DOTALL);

    @TempDir
    Path directory;

    @Test
    void theGuideHasTheseExamples() throws Exception {
        var guide = Files.readString(GUIDE);

        var examples = EXAMPLE.matcher(Files.readString(SOURCE)).results().toList();

        assertThat(examples).hasSize(5);
        assertThat(examples).allSatisfy(example -> {
            var code = example.group(1).stripIndent();
            assertThat(guide).contains("```java\n" + code + "\n```");
        });
    }

    private void first(Path log) throws Exception {
        // guide
        try (var ktm = Ktm.open(KtmOptions.builder().logDirectory(log).build());
                var registry = Registry.open(ktm, "settings")) {
            ktm.userTransaction().begin();
            var window = registry.transactedRoot().createKey("Software\\Editor\\Window");
            window.setValue(RegistryValue.dword("Width", 800));
            window.setValue(RegistryValue.string("Title", "untitled"));
            ktm.userTransaction().commit(); // from here on everybody sees both, after any crash
        }
        // end of guide
    }

    private int read(Registry registry) throws Exception {
        // guide
        var window = registry.root().openKey("Software\\Editor\\Window");
        int width = window.find("width").map(value -> value.asInt().orElse(0)).orElse(640);
        // end of guide
        return width;
    }

    private void plain(Registry registry) throws Exception {
        // guide
        var window = registry.root().openKey("Software\\Editor\\Window");
        window.setValue(RegistryValue.dword("Width", 1024)); // everybody sees it at once
        registry.flush(); // and from here on it is there after any crash
        // end of guide
    }

    private void preferences(Registry registry) throws Exception {
        // guide
        var editor = registry.preferences().node("editor");
        editor.putInt("width", 800);
        editor.flush();
        // end of guide
    }

    private byte[] files(Registry registry, byte[] file) throws Exception {
        // guide
        registry.root().importFile(new ByteArrayInputStream(file), "HKEY_CURRENT_USER");
        var out = new ByteArrayOutputStream();
        var software = registry.root().openKey("Software");
        software.exportFile(out, RegFormat.VERSION_5, "HKEY_CURRENT_USER\\Software");
        // end of guide
        return out.toByteArray();
    }

    @Test
    void theExamplesDoWhatTheGuideSays() throws Exception {
        var log = directory.resolve("log");
        first(log);

        try (var ktm = Ktm.open(KtmOptions.builder().logDirectory(log).build());
                var registry = Registry.open(ktm, "settings")) {
            assertThat(read(registry)).isEqualTo(800);
            plain(registry);
            assertThat(read(registry)).isEqualTo(1024);
            preferences(registry);
            assertThat(registry.preferences().node("editor").getInt("width", 0)).isEqualTo(800);
            var file = files(registry, "REGEDIT4\r\n\r\n[HKEY_CURRENT_USER\\Software\\New]\r\n".getBytes(RegText.ANSI));
            assertThat(registry.root().openKey("Software").subkeys()).containsExactly("Editor", "New");
            assertThat(RegParser.parse(file))
                    .extracting(RegParser.Section::path)
                    .contains("HKEY_CURRENT_USER\\Software\\Editor\\Window");
        }
    }

    @Test
    void whoeverLosesAgainstAPlainWriteIsToldSoAtCommit() throws Exception {
        try (var ktm = Ktm.open(KtmOptions.builder()
                        .logDirectory(directory.resolve("log"))
                        .build());
                var registry = Registry.open(ktm, "settings")) {
            registry.root().createKey("a").setSecurity(new KeySecurity("admin", Map.of("*", KeyRight.ALL)));
            ktm.userTransaction().begin();
            registry.transactedRoot().openKey("a").setValue(RegistryValue.dword("v", 1));
            registry.root().openKey("a").setValue(RegistryValue.dword("v", 2));
            assertThatThrownBy(() -> ktm.userTransaction().commit())
                    .isInstanceOf(RollbackException.class)
                    .hasStackTraceContaining("a write outside of transactions has changed");
        }
    }
}
