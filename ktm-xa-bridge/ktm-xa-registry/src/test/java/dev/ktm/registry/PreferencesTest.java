package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
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
