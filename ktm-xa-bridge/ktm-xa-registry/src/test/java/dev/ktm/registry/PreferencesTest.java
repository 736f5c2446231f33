package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.prefs.NodeChangeEvent;
import java.util.prefs.NodeChangeListener;
import java.util.prefs.PreferenceChangeEvent;
import java.util.prefs.Preferences;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The registry through {@code java.util.prefs}. */
@Timeout(60)
class PreferencesTest {

    private Site site;
    private Preferences root;

    @BeforeEach
    void open() throws Exception {
        site = new Site();
        root = site.registry().preferences();
    }

    @AfterEach
    void close() {
        site.close();
    }

    @Test
    void preferencesAreKeptOverARestart() throws Exception {
        var node = root.node("dev/Ktm");
        node.put("text", "one");
        node.putInt("number", 2);
        node.putBoolean("flag", true);
        node.putByteArray("bytes", new byte[] {1, 2, 3});
        node.flush();

        site.crash();

        var found = site.registry().preferences().node("/dev/Ktm");
        assertThat(found.get("text", "")).isEqualTo("one");
        assertThat(found.getInt("number", 0)).isEqualTo(2);
        assertThat(found.getBoolean("flag", false)).isTrue();
        assertThat(found.getByteArray("bytes", new byte[0])).containsExactly(1, 2, 3);
        assertThat(found.keys()).containsExactlyInAnyOrder("text", "number", "flag", "bytes");
        assertThat(found.get("missing", "default")).isEqualTo("default");
    }

    @Test
    void namesThatDifferByCaseAreDifferentHere() throws Exception {
        root.node("Node").put("Key", "1");
        root.node("node").put("key", "2");
        root.node("node").put("kEY\\with/all ÄäΩ", "3");

        assertThat(root.childrenNames()).containsExactlyInAnyOrder("Node", "node");
        assertThat(root.node("Node").get("Key", "")).isEqualTo("1");
        assertThat(root.node("Node").get("key", "none")).isEqualTo("none");
        assertThat(root.node("node").keys()).containsExactlyInAnyOrder("key", "kEY\\with/all ÄäΩ");
        assertThat(site.root().openKey("Preferences\\User").subkeys()).containsExactlyInAnyOrder("/Node", "node");
    }

    @Test
    void inATransactionTheyBelongToIt() throws Exception {
        root.node("a").put("v", "old");

        site.begin();
        root.node("a").put("v", "new");
        root.node("a/b").put("w", "1");
        assertThat(root.node("a").get("v", "")).isEqualTo("new");
        var transaction = site.suspend();
        assertThat(root.node("a").get("v", "")).isEqualTo("old");
        site.resume(transaction);
        site.rollback();
        assertThat(root.node("a").get("v", "")).isEqualTo("old");
        assertThat(site.root().openKey("Preferences\\User\\a").subkeys()).isEmpty();

        site.begin();
        root.node("a").put("v", "new");
        site.commit();
        assertThat(root.node("a").get("v", "")).isEqualTo("new");
    }

    @Test
    void aNodeIsRemovedWithAllBelowAndCanBeMadeAgain() throws Exception {
        var node = root.node("a");
        node.node("b/c").put("v", "1");
        node.removeNode();

        assertThat(root.nodeExists("a")).isFalse();
        assertThatThrownBy(() -> node.put("v", "1")).isInstanceOf(IllegalStateException.class);
        assertThat(root.node("a").childrenNames()).isEmpty();
        root.node("a").put("v", "2");
        root.node("a").remove("v");
        assertThat(root.node("a").get("v", "none")).isEqualTo("none");
    }

    @Test
    void aConflictIsSaidToWhoeverPuts() throws Exception {
        root.node("a").put("v", "1");
        site.begin();
        root.node("a").put("v", "2");
        var first = site.suspend();
        site.begin();
        assertThatThrownBy(() -> root.node("a").put("v", "3"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("TRANSACTIONAL_CONFLICT");
        site.rollback();
        site.resume(first);
        site.commit();
        assertThat(root.node("a").get("v", "")).isEqualTo("2");
    }

    @Test
    void listenersHearWhatIsCommittedWhoeverWroteIt() throws Exception {
        var values = new LinkedBlockingQueue<PreferenceChangeEvent>();
        var nodes = new LinkedBlockingQueue<String>();
        var node = root.node("a");
        node.addPreferenceChangeListener(values::add);
        node.addNodeChangeListener(new NodeChangeListener() {
            @Override
            public void childAdded(NodeChangeEvent event) {
                nodes.add("+" + event.getChild().absolutePath());
            }

            @Override
            public void childRemoved(NodeChangeEvent event) {
                nodes.add("-" + event.getChild().absolutePath());
            }
        });

        site.begin();
        node.put("V", "never");
        node.node("never");
        site.rollback();
        site.begin();
        node.put("V", "1");
        site.commit();
        site.root().openKey("Preferences\\User\\a").createKey("Child");
        root.node("a").node("child").removeNode();

        var event = Objects.requireNonNull(values.poll(30, TimeUnit.SECONDS));
        assertThat(event.getKey()).isEqualTo("V");
        assertThat(event.getNewValue()).isEqualTo("1");
        assertThat(nodes.poll(30, TimeUnit.SECONDS)).isEqualTo("+/a/Child");
        assertThat(nodes.poll(30, TimeUnit.SECONDS)).startsWith("-/a/");
        assertThat(values).isEmpty();
    }

    @Test
    void aListenerIsToldWhatWasSetAndNotWhatIsThereLater() throws Exception {
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var node = root.node("a");
        site.root().watch(true, batch -> {
            begun.countDown();
            try {
                assertThat(goOn.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        var values = new LinkedBlockingQueue<Optional<String>>();
        node.addPreferenceChangeListener(event -> values.add(Optional.ofNullable(event.getNewValue())));

        node.put("v", "1");
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        node.put("v", "2");
        node.remove("v");
        goOn.countDown();

        assertThat(values.poll(30, TimeUnit.SECONDS)).contains("1");
        assertThat(values.poll(30, TimeUnit.SECONDS)).contains("2");
        assertThat(Objects.requireNonNull(values.poll(30, TimeUnit.SECONDS))).isEmpty();
    }

    @Test
    void handlesAreGivenBack() throws Exception {
        site.close();
        site = new Site(options -> options.mostHandles(2));
        var node = site.registry().preferences().node("a");
        for (int i = 0; i < 5; i++) {
            node.put("v", "" + i);
            assertThat(node.get("v", "none")).isEqualTo("" + i);
            assertThat(node.keys()).containsExactly("v");
            node.node("b" + i);
            assertThat(node.childrenNames()).hasSize(i + 1);
            node.remove("w");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"k", "K", "\u0436", "\u0416", "\u03c2", "\u212a", "\u0130", "\\", "\u4e2d"})
    void aNameMayHaveTheGreatestLengthInAnyLetters(String letter) throws Exception {
        var name = letter.repeat(Preferences.MAX_NAME_LENGTH);
        root.node(name).put(letter.repeat(Preferences.MAX_KEY_LENGTH), "1");
        root.flush();

        site.crash();

        var found = site.registry().preferences();
        assertThat(found.childrenNames()).containsExactly(name);
        assertThat(found.node(name).keys()).containsExactly(letter.repeat(Preferences.MAX_KEY_LENGTH));
    }

    @Test
    void noTwoNamesAreOneInTheRegistry() {
        var units = new HashMap<String, Integer>();
        for (int unit = 1; unit <= Character.MAX_VALUE; unit++) {
            var name = String.valueOf((char) unit);
            var encoded = PreferenceNames.encode(name);
            assertThat(PreferenceNames.decode(encoded)).isEqualTo(name);
            assertThat(units.put(Names.folded(encoded), unit))
                    .as("unit %x", unit)
                    .isNull();
        }
        assertThat(PreferenceNames.encode("X0436")).isNotEqualToIgnoringCase(PreferenceNames.encode("\u0436"));
    }

    @Test
    void whatSomebodyElseHasPutBetweenPreferencesIsInNobodysWay() throws Exception {
        var raw = site.root().createKey("Preferences\\User");
        raw.setValue(RegistryValue.dword("number", 1));
        raw.createKey("a\\b/xzzzz\\c");
        raw.createKey("a\\/");
        root.put("text", "1");

        assertThat(root.keys()).containsExactly("text");
        var out = new ByteArrayOutputStream();
        root.exportSubtree(out);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("text").doesNotContain("number");
        assertThat(root.node("a").childrenNames()).hasSize(1);
        root.node("a").removeNode();
        assertThat(raw.subkeys()).isEmpty();
    }

    @Test
    void halfAPairIsKeptAsItIs() {
        root.put("k", "\ud83d");
        assertThat(root.get("k", "")).isEqualTo("\ud83d");
    }

    @Test
    void theSystemHasPreferencesOfItsOwn() {
        root.put("v", "user");
        var system = site.registry().systemPreferences();
        assertThat(system.get("v", "none")).isEqualTo("none");
        assertThat(system.isUserNode()).isFalse();
        assertThat(root.isUserNode()).isTrue();
        assertThat(site.registry().preferences()).isSameAs(root);
        assertThatThrownBy(() -> root.put("k".repeat(81), "v")).isInstanceOf(IllegalArgumentException.class);
    }
}
