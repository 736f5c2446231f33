package dev.ktm.registry;

import static dev.ktm.registry.IsolationTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files in the format of Windows' registry editor. */
@Timeout(60)
class RegFileTest {

    private static final String HEADER = "Windows Registry Editor Version 5.00\r\n\r\n";
    private static final Charset ANSI = Charset.forName("windows-1252");

    private Site site;

    @BeforeEach
    void open() throws Exception {
        site = new Site();
    }

    @AfterEach
    void close() {
        site.close();
    }

    private void take(String text) throws Exception {
        take(text.getBytes(StandardCharsets.UTF_8));
    }

    private void take(byte[] bytes) throws Exception {
        site.root().importFile(new ByteArrayInputStream(bytes), "");
    }

    private static byte[] wide(String text) {
        return ("\ufeff" + text).getBytes(StandardCharsets.UTF_16LE);
    }

    private byte[] exported(String path, RegFormat format) throws Exception {
        var out = new ByteArrayOutputStream();
        site.root().openKey(path).exportFile(out, format, path);
        return out.toByteArray();
    }

    @Test
    void everythingThatTheFormatHasIsUnderstood() throws Exception {
        site.root().createKey("HKEY_CURRENT_USER\\Old\\Below").setValue(RegistryValue.dword("x", 1));
        site.root().createKey("HKEY_CURRENT_USER\\Kept").setValue(RegistryValue.dword("gone", 1));

        take(wide(HEADER
                + "; a comment\r\n"
                + "[-HKEY_CURRENT_USER\\Old]\r\n"
                + "[-HKEY_CURRENT_USER\\Never]\r\n\r\n"
                + "[HKEY_CURRENT_USER\\Kept] ; another\r\n"
                + "\"gone\"=-\r\n"
                + "\"never\"=-\r\n"
                + "@=\"default \\\"quoted\\\" C:\\\\Windows\"\r\n"
                + "\"Größe\"=dword:0000002A ; of something\r\n"
                + "  \"short\" = dword:7\r\n"
                + "\"lines\"=\"one\r\ntwo\"\r\n"
                + "\"a=\\\"b\\\\\"=\"x\"\r\n"
                + "\"empty\"=\"\"\r\n"
                + "\"none\"=hex(0):\r\n"
                + "\"bytes\"=hex:01,02,\\\r\n  fe,ff\r\n"
                + "\"expand\"=hex(2):25,00,78,00,25,00,00,00\r\n"
                + "\"multi\"=hex(7):61,00,00,00,62,00,00,00,00,\\\r\n"
                + "  00\r\n"
                + "\"big\"=hex(5):00,00,01,00\r\n"
                + "\"quad\"=hex(b):01,00,00,00,00,00,00,80\r\n"
                + "[HKEY_CURRENT_USER\\New\\Deep]brackets]\r\n"));

        var root = site.root().openKey("HKEY_CURRENT_USER");
        assertThat(root.subkeys()).containsExactly("Kept", "New");
        assertThat(root.openKey("New").subkeys()).containsExactly("Deep]brackets");
        var kept = root.openKey("Kept");
        assertThat(kept.find("gone")).isEmpty();
        assertThat(kept.value("").asString()).contains("default \"quoted\" C:\\Windows");
        assertThat(kept.value("größe").asInt()).hasValue(42);
        assertThat(kept.value("short").asInt()).hasValue(7);
        assertThat(kept.value("lines").asString()).contains("one\r\ntwo");
        assertThat(kept.value("a=\"b\\").asString()).contains("x");
        assertThat(kept.value("empty")).isEqualTo(RegistryValue.string("empty", ""));
        assertThat(kept.value("none").type()).isEqualTo(ValueType.NONE);
        assertThat(kept.value("bytes").data()).containsExactly(1, 2, -2, -1);
        assertThat(kept.value("expand")).isEqualTo(RegistryValue.expandString("expand", "%x%"));
        assertThat(kept.value("multi").asStrings()).containsExactly("a", "b");
        assertThat(kept.value("big").asInt()).hasValue(256);
        assertThat(kept.value("quad").asLong()).hasValue(Long.MIN_VALUE + 1);
    }

    @Test
    void theOlderFormatHasTextsInCodePage1252() throws Exception {
        take(("REGEDIT4\n\n[Key]\n\"Straße\"=\"10 €\"\n\"e\"=hex(2):25,e4,25,00\n\"b\"=hex:e4\n").getBytes(ANSI));

        var key = site.root().openKey("key");
        assertThat(key.value("STRAßE").asString()).contains("10 €");
        assertThat(key.value("e")).isEqualTo(RegistryValue.expandString("e", "%ä%"));
        assertThat(key.value("b").data()).containsExactly(0xe4);
        var again = exported("Key", RegFormat.REGEDIT4);
        assertThat(new String(again, ANSI)).contains("\"Straße\"=\"10 €\"").contains("hex(2):25,e4,25,00");

        key.setValue(RegistryValue.string("omega", "Ω"));
        assertRefused(RegistryError.INVALID_PARAMETER, () -> exported("Key", RegFormat.REGEDIT4));
    }

    @Test
    void anExportLooksLikeThatOfWindows() throws Exception {
        var key = site.root().createKey("HKEY_CURRENT_USER\\Console");
        key.setValue(RegistryValue.string("", "text with \\ and \""));
        key.setValue(RegistryValue.dword("FontSize", 0x100000));
        key.setValue(RegistryValue.binary("Bytes", new byte[30]));
        key.createKey("Sub").setValue(RegistryValue.qword("Q", 1));

        assertThat(new String(exported("HKEY_CURRENT_USER\\Console", RegFormat.VERSION_5), StandardCharsets.UTF_16LE))
                .isEqualTo("\ufeff" + HEADER
                        + "[HKEY_CURRENT_USER\\Console]\r\n"
                        + "@=\"text with \\\\ and \\\"\"\r\n"
                        + "\"Bytes\"=hex:00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,\\\r\n"
                        + "  00,00,00,00,00,00,00,00\r\n"
                        + "\"FontSize\"=dword:00100000\r\n\r\n"
                        + "[HKEY_CURRENT_USER\\Console\\Sub]\r\n"
                        + "\"Q\"=hex(b):01,00,00,00,00,00,00,00\r\n");
    }

    @ParameterizedTest
    @EnumSource(RegFormat.class)
    void whatIsExportedAndImportedIsTheSame(RegFormat format) throws Exception {
        var random = new SplittableRandom(5);
        var key = site.root().createKey("data");
        fill(key, random, format, 0);
        var before = Site.contentOf(key);
        var bytes = exported("data", format);
        site.root().deleteTree("data");

        take(bytes);

        assertThat(Site.contentOf(site.root().openKey("data"))).isEqualTo(before);
    }

    private static void fill(RegistryKey key, SplittableRandom random, RegFormat format, int depth) throws Exception {
        for (int i = 0; i < 40; i++) {
            var type = ValueType.of(random.nextInt(ValueType.QWORD.code() + 1)).orElseThrow();
            var isText = List.of(ValueType.SZ, ValueType.EXPAND_SZ, ValueType.MULTI_SZ)
                    .contains(type);
            var data = new byte[random.nextInt(60)];
            random.nextBytes(data);
            if (isText && (format == RegFormat.REGEDIT4 || random.nextBoolean())) {
                data = text(random, format).getBytes(StandardCharsets.UTF_16LE);
            }
            key.setValue(RegistryValue.of(i == 0 ? "" : text(random, format) + i, type, data));
        }
        for (int i = 0; i < 3 && depth < 3; i++) {
            var name = text(random, format).replaceAll("[\\\\\r\n]", "") + "[x]" + i;
            fill(key.createKey(name), random, format, depth + 1);
        }
    }

    private static String text(SplittableRandom random, RegFormat format) {
        var units = format == RegFormat.REGEDIT4 ? "ab \"\\;=@[]\r\n\t\0éß€" : "ab \"\\;=@[]\r\n\t\0éß€Ω漢\ud83d\ude00";
        var text = new StringBuilder();
        for (int i = random.nextInt(12); i >= 0; i--) {
            int unit = random.nextInt(units.length());
            text.append(Character.isSurrogate(units.charAt(unit)) ? "\ud83d\ude00" : units.substring(unit, unit + 1));
        }
        return text.toString();
    }

    @Test
    void halfAPairSurvivesInUtf16() throws Exception {
        var raw = RegistryValue.of("v", ValueType.SZ, new byte[] {0, (byte) 0xdc, 'x', 0, 0, 0});
        site.root().createKey("data").setValue(raw);
        site.root().openKey("data").setValue(RegistryValue.of("\ud800", ValueType.SZ, raw.data()));
        assertThat(raw).isEqualTo(RegistryValue.string("v", "\udc00x"));
        assertThat(raw.asString()).contains("\udc00x");
        assertThat(RegistryValue.strings("v", List.of("\ud800", "\udc00")).asStrings())
                .containsExactly("\ud800", "\udc00");
        var before = Site.contentOf(site.root());
        var bytes = exported("data", RegFormat.VERSION_5);
        site.root().deleteTree("data");
        take(bytes);
        assertThat(Site.contentOf(site.root())).isEqualTo(before);
        assertThat(site.root().openKey("data").value("v")).isEqualTo(raw);
        // A name has to be said as a text; a value can be said in bytes.
        assertRefused(RegistryError.INVALID_PARAMETER, () -> exported("data", RegFormat.VERSION_5_UTF8));
        site.root().openKey("data").deleteValue("\ud800");
        var inUtf8 = exported("data", RegFormat.VERSION_5_UTF8);
        assertThat(new String(inUtf8, StandardCharsets.UTF_8)).contains("\"v\"=hex(1):00,dc,78,00,00,00");
        site.root().deleteTree("data");
        take(inUtf8);
        assertThat(site.root().openKey("data").value("v")).isEqualTo(raw);
        assertRefused(RegistryError.INVALID_PARAMETER, () -> exported("data", RegFormat.REGEDIT4));
    }

    /** While it is written somebody else commits. */
    @Test
    void anExportInATransactionIsOfOneMoment() throws Exception {
        site.root().createKey("data\\below").setValue(RegistryValue.string("v", "then"));
        site.begin();
        var key = site.registry().transactedRoot().openKey("data");
        key.setValue(RegistryValue.string("own", "x"));
        var export = new RegExport(RegFormat.VERSION_5);

        key.reading(
                (tree, draft, id, path) -> {
                    site.root().openKey("data\\below").setValue(RegistryValue.string("v", "later"));
                    export.append(tree, draft, id, path);
                },
                "data");
        site.commit();

        assertThat(export.text()).contains("\"own\"=\"x\"").contains("\"v\"=\"then\"");
        assertThat(site.root().openKey("data\\below").value("v").asString()).contains("later");
    }

    @Test
    void anImportGivesItsHandlesBack() throws Exception {
        site.close();
        site = new Site(options -> options.mostHandles(2));
        for (int i = 0; i < 5; i++) {
            take(HEADER + "[a]\r\n\"v\"=dword:1\r\n[a]\r\n\"w\"=dword:2\r\n[a\\b]\r\n");
        }
        assertThat(site.root().openKey("a").values()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hex(1)", "hex(2)", "hex(7)"})
    void bytesThatAreNoTextInCodePage1252AreRefusedWithTheirLine(String type) {
        for (var unit : List.of("81", "8d", "8f", "90", "9d")) {
            assertRefused(
                            RegistryError.NOT_REGISTRY_FILE,
                            () -> take("REGEDIT4\r\n\r\n[a]\r\n\"v\"=" + type + ":41,\\\r\n  " + unit + ",00\r\n"))
                    .hasMessageContaining("line 4:");
        }
        assertThatCode(() -> take("REGEDIT4\r\n\r\n[a]\r\n\"v\"=hex(3):81\r\n")).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | nothing of the kind",
                "3 | HEADER \"v\"=dword:1",
                "3 | HEADER [a",
                "3 | HEADER []",
                "3 | HEADER [a] b",
                "4 | HEADER [a]/v=1",
                "4 | HEADER [a]/\"v\"",
                "4 | HEADER [a]/\"v\"=",
                "4 | HEADER [a]/\"v\"=dword:",
                "4 | HEADER [a]/\"v\"=dword:123456789",
                "4 | HEADER [a]/\"v\"=dword:1x",
                "4 | HEADER [a]/\"v\"=hex:1,2,100",
                "4 | HEADER [a]/\"v\"=hex:1,2 3",
                "4 | HEADER [a]/\"v\"=hex(c):1",
                "4 | HEADER [a]/\"v\"=hex(:1",
                "4 | HEADER [a]/\"v\"=\"C:\\Windows\"",
                "4 | HEADER [a]/\"v\"=\"x\" y",
                "5 | HEADER [a]/\"v\"=\"x\"/\"w\"=\"never ends",
                "4 | HEADER [-a]/\"v\"=\"x\"",
                "5 | HEADER [a]/\"v\"=hex:1,\\\\/ 2,zz"
            })
    void whatIsNotUnderstoodIsRefusedWithItsLineAndNothingHappens(int line, String text) throws Exception {
        var before = Site.everythingIn(site.root());
        var file = text.replace("HEADER ", HEADER).replace("\\\\/", "\\\r\n").replace("/", "\r\n");

        assertRefused(RegistryError.NOT_REGISTRY_FILE, () -> take(file)).hasMessageContaining("line " + line + ":");

        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
    }

    @Test
    void badBytesAreRefusedWithTheirLine() {
        var bytes = (HEADER + "[a]\r\n\"v\"=\"?\"\r\n").getBytes(StandardCharsets.UTF_8);
        bytes[bytes.length - 4] = (byte) 0xe4;
        assertRefused(RegistryError.NOT_REGISTRY_FILE, () -> take(bytes)).hasMessageContaining("line 4:");
    }

    @Test
    void anImportThatFailsHalfwayLeavesNothing() throws Exception {
        site.root().createKey("b");
        site.begin();
        site.registry().transactedRoot().openKey("b").setValue(RegistryValue.dword("v", 1));
        var before = Site.everythingIn(site.root());

        assertRefused(
                        RegistryError.TRANSACTIONAL_CONFLICT,
                        () -> take(HEADER + "[a]\r\n\"v\"=dword:1\r\n[b]\r\n\"v\"=dword:2\r\n"))
                .hasMessageContaining("line 5");

        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
        site.commit();
        assertThat(site.root().openKey("b").value("v").asInt()).hasValue(1);
    }

    @Test
    void inATransactionAnImportBelongsToItAndItsFailureRollsItBack() throws Exception {
        site.begin();
        site.registry()
                .transactedRoot()
                .importFile(
                        new ByteArrayInputStream(
                                (HEADER + "[a]\r\n\"v\"=dword:1\r\n").getBytes(StandardCharsets.UTF_8)),
                        "");
        assertThat(site.root().subkeys()).isEmpty();
        site.commit();
        assertThat(site.root().subkeys()).containsExactly("a");

        site.begin();
        var root = site.registry().transactedRoot();
        var tooLong = HEADER + "[b]\r\n[" + "k".repeat(256) + "]\r\n";
        assertRefused(
                RegistryError.NAME_TOO_LONG,
                () -> root.importFile(new ByteArrayInputStream(tooLong.getBytes(StandardCharsets.UTF_8)), ""));
        assertRefused(RegistryError.TRANSACTION_ALREADY_ABORTED, root::subkeys);
        site.rollback();
        assertThat(site.root().subkeys()).containsExactly("a");
    }

    @Test
    void aPrefixIsLeftOutAndAnythingElseRefused() throws Exception {
        var file = HEADER + "[HKEY_LOCAL_MACHINE\\a]\r\n[hkey_local_machine]\r\n@=\"x\"\r\n";
        site.root()
                .createKey("here")
                .importFile(new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8)), "HKEY_LOCAL_MACHINE");
        assertThat(site.root().openKey("here").subkeys()).containsExactly("a");
        assertThat(site.root().openKey("here").value("").asString()).contains("x");
        assertRefused(
                        RegistryError.NOT_REGISTRY_FILE,
                        () -> site.root()
                                .importFile(
                                        new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8)), "HKEY_LOCAL"))
                .hasMessageContaining("line 3");
    }

    /** Whatever is done to a file, it is understood, or refused clearly; it is never half taken. */
    @Test
    void damagedFilesAreTakenAsAWholeOrRefused() throws Exception {
        fill(site.root().createKey("data"), new SplittableRandom(6), RegFormat.VERSION_5, 2);
        var random = new SplittableRandom(8);
        for (var format : List.of(RegFormat.VERSION_5, RegFormat.VERSION_5_UTF8)) {
            var good = exported("data", format);
            for (int i = 0; i < 1500; i++) {
                var bytes = good.clone();
                switch (random.nextInt(3)) {
                    case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
                    case 1 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                    default -> {
                        var noise = new byte[random.nextInt(1, 50)];
                        random.nextBytes(noise);
                        System.arraycopy(noise, 0, bytes, random.nextInt(bytes.length - noise.length), noise.length);
                    }
                }
                try {
                    RegParser.parse(bytes);
                } catch (RegistryException e) {
                    assertThat(e.error()).isEqualTo(RegistryError.NOT_REGISTRY_FILE);
                    assertThat(e).hasMessageContaining("line ");
                }
            }
        }
    }
}
