package dev.ktm.registry;

import static dev.ktm.registry.IsolationTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.rm.TransactionState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Keys, names, values, limits. */
@Timeout(60)
class ValuesTest {

    private Site site;

    @BeforeEach
    void open() throws Exception {
        site = new Site();
    }

    @AfterEach
    void close() {
        site.close();
    }

    @Test
    @Conforms("TXR-13")
    void createSaysWhetherItHasMadeTheKeyWhichHasNoValuesThen() throws Exception {
        var made = site.root().createKey("a\\b");
        assertThat(made.isCreated()).isTrue();
        assertThat(made.values()).isEmpty();
        made.setValue(RegistryValue.dword("v", 1));

        var opened = site.root().createKey("A\\B");
        assertThat(opened.isCreated()).isFalse();
        assertThat(opened.values()).hasSize(1);

        site.root().deleteKey("a\\b");
        assertThat(site.root().createKey("a\\b").values()).isEmpty();
    }

    @Test
    @Conforms("TXR-14")
    void openMakesNothing() throws Exception {
        assertRefused(RegistryError.KEY_NOT_FOUND, () -> site.root().openKey("a\\b"));
        site.begin();
        assertRefused(
                RegistryError.KEY_NOT_FOUND,
                () -> site.registry().transactedRoot().openKey("a\\b"));
        site.commit();
        assertThat(site.root().subkeys()).isEmpty();
    }

    @Test
    @Conforms("TXR-15")
    void namesAreFoundInAnyCaseAndKeepTheirs() throws Exception {
        site.root().createKey("Software\\ÄÖÜ");
        assertThat(site.root().openKey("sOFTWARE\\äöü").path()).isEqualTo("Software\\ÄÖÜ");
        assertThat(site.root().createKey("SOFTWARE").name()).isEqualTo("Software");
        var key = site.root().openKey("software");
        key.setValue(RegistryValue.string("Value", "1"));
        key.setValue(RegistryValue.string("VALUE", "2"));
        assertThat(key.values()).containsExactly(RegistryValue.string("Value", "2"));
        assertThat(key.find("value")).isPresent();
        assertThat(key.deleteValue("vALUE")).isTrue();
        site.root().renameKey("software", "SOFTware");
        assertThat(site.root().subkeys()).containsExactly("SOFTware");
    }

    @Test
    @Conforms("TXR-16")
    void beyondTheLimitsItIsRefusedAndTheTransactionGoesOn() throws Exception {
        var transaction = site.begin();
        var root = site.registry().transactedRoot();
        root.createKey("k".repeat(255));
        assertRefused(RegistryError.NAME_TOO_LONG, () -> root.createKey("k".repeat(256)));
        assertRefused(RegistryError.NAME_TOO_LONG, () -> root.renameKey("k".repeat(255), "k".repeat(256)));
        root.setValue(RegistryValue.dword("v".repeat(16_383), 1));
        assertRefused(RegistryError.NAME_TOO_LONG, () -> root.setValue(RegistryValue.dword("v".repeat(16_384), 1)));
        assertRefused(RegistryError.TOO_DEEP, () -> root.createKey(levels(33)));
        assertRefused(RegistryError.KEY_NOT_FOUND, () -> root.openKey("x"));
        var deep = root.createKey(levels(32));
        for (int depth = 33; depth < 512; depth++) {
            deep = deep.createKey("x");
        }
        var deepest = deep;
        assertRefused(RegistryError.TOO_DEEP, () -> deepest.createKey("x"));
        assertRefused(
                RegistryError.VALUE_TOO_LARGE,
                () -> root.setValue(RegistryValue.binary("large", new byte[Hive.MOST_VALUE_BYTES + 1])));
        assertThat(transaction.state()).isEqualTo(TransactionState.ACTIVE);
        site.commit();

        site.crash();
        assertThat(site.root().subkeys()).containsExactly("k".repeat(255), "x");
        assertThat(site.root().value("v".repeat(16_383)).asInt()).hasValue(1);
    }

    private static String levels(int count) {
        return "x\\".repeat(count - 1) + "x";
    }

    @Test
    void badNamesAreRefused() {
        assertRefused(RegistryError.INVALID_PARAMETER, () -> site.root().createKey("a\\\\b"));
        assertRefused(RegistryError.INVALID_PARAMETER, () -> site.root().createKey("\\a"));
        assertRefused(RegistryError.INVALID_PARAMETER, () -> Registry.open(site.ktm(), "a/b"));
        assertRefused(RegistryError.INVALID_PARAMETER, () -> site.registry().loadHive(".."));
    }

    @Test
    @Conforms("TXR-17")
    void everyTypeKeepsItsBytesWhateverTheyAre() throws Exception {
        var random = new SplittableRandom(1);
        var values = new ArrayList<RegistryValue>();
        for (var type : ValueType.values()) {
            for (int length : new int[] {0, 1, 2, 3, 4, 8, 100, 5000}) {
                var data = new byte[length];
                random.nextBytes(data);
                values.add(RegistryValue.of(type + " " + length, type, data));
            }
        }
        site.begin();
        var key = site.registry().transactedRoot().createKey("a");
        for (var value : values) {
            key.setValue(value);
        }
        assertThat(key.values()).containsExactlyInAnyOrderElementsOf(values);
        site.commit();

        site.crash();
        assertThat(site.root().openKey("a").values()).containsExactlyInAnyOrderElementsOf(values);
        site.registry().checkpoint();
        site.crash();
        assertThat(site.root().openKey("a").values()).containsExactlyInAnyOrderElementsOf(values);
    }

    @Test
    void valuesSayWhatTheyAre() {
        assertThat(RegistryValue.string("v", "text").asString()).contains("text");
        assertThat(RegistryValue.expandString("v", "%x%").asString()).contains("%x%");
        assertThat(RegistryValue.of("v", ValueType.SZ, new byte[] {'a', 0, 'b'}).asString())
                .contains("a");
        assertThat(RegistryValue.strings("v", List.of("a", "b")).asStrings()).containsExactly("a", "b");
        assertThat(RegistryValue.strings("v", List.of()).asStrings()).isEmpty();
        assertThatThrownBy(() -> RegistryValue.strings("v", List.of("a", "")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(RegistryValue.dword("v", -2).asInt()).hasValue(-2);
        assertThat(RegistryValue.of("v", ValueType.DWORD_BIG_ENDIAN, new byte[] {0, 0, 1, 0})
                        .asInt())
                .hasValue(256);
        assertThat(RegistryValue.qword("v", Long.MIN_VALUE).asLong()).hasValue(Long.MIN_VALUE);
        assertThat(RegistryValue.binary("v", new byte[4]).asInt()).isEmpty();
        assertThat(RegistryValue.dword("v", 1).asString()).isEmpty();
    }

    @Test
    void aValueCannotBeChangedFromOutside() {
        var data = new byte[] {1};
        var value = RegistryValue.binary("v", data);
        data[0] = 2;
        value.data()[0] = 3;
        assertThat(value.data()).containsExactly(1);
    }

    @Test
    void handlesHaveTheRightsThatTheyWereOpenedWith() throws Exception {
        site.root().createKey("a").setValue(RegistryValue.dword("v", 1));
        var reader = site.root().openKey("a", KeyRight.QUERY_VALUE);
        assertThat(reader.value("v").asInt()).hasValue(1);
        assertRefused(RegistryError.ACCESS_DENIED, () -> reader.setValue(RegistryValue.dword("v", 2)));
        assertRefused(RegistryError.ACCESS_DENIED, () -> reader.createKey("b"));
        assertRefused(RegistryError.ACCESS_DENIED, reader::subkeys);
        assertRefused(RegistryError.VALUE_NOT_FOUND, () -> reader.value("w"));
        reader.close();
        assertRefused(RegistryError.INVALID_HANDLE, () -> reader.value("v"));
    }

    @Test
    void aKeyIsOpenAsOftenAsIsAllowedAndNotOnceMore() throws Exception {
        site.close();
        site = new Site(options -> options.mostHandles(2));
        var one = site.root().createKey("a");
        var two = site.root().openKey("a");
        assertRefused(RegistryError.TOO_MANY_HANDLES, () -> site.root().openKey("a"));
        two.close();
        two.close();
        site.root().openKey("a");
        assertRefused(RegistryError.TOO_MANY_HANDLES, () -> site.root().openKey("a"));
        assertThat(one.path()).isEqualTo("a");
    }

    @Test
    void hivesAppearInTheRoot() throws Exception {
        site.root().createKey("zebra");
        site.registry().loadHive("Users");
        assertThat(site.root().subkeys()).containsExactly("Users", "zebra");
        var key = site.root().createKey("users\\a\\b");
        assertThat(key.path()).isEqualTo("Users\\a\\b");
        assertThat(site.root().openKey("users").name()).isEqualTo("Users");
        assertRefused(RegistryError.ALREADY_EXISTS, () -> site.registry().loadHive("USERS"));
        assertRefused(RegistryError.ALREADY_EXISTS, () -> site.registry().loadHive("zebra"));
        assertRefused(RegistryError.ALREADY_EXISTS, () -> site.root().renameKey("zebra", "users"));
        assertRefused(RegistryError.ACCESS_DENIED, () -> site.root().deleteTree("users"));
        assertThat(site.registry().hives()).extracting(HiveStatus::name).containsExactly("main", "Users");
    }

    /** What holds many entries is compared with a map. */
    @Test
    void entriesAreAMapByNamesWithoutCase() {
        var random = new SplittableRandom(3);
        Entries<Node.Child> entries = Entries.empty();
        var model = new TreeMap<String, Node.Child>(String.CASE_INSENSITIVE_ORDER);
        for (int round = 0; round < 3000; round++) {
            var changes = new TreeMap<String, Optional<Node.Child>>(Names.ORDER);
            int most = round % 10 == 0 ? 300 : 3;
            for (int i = random.nextInt(most); i >= 0; i--) {
                var name = (random.nextBoolean() ? "Name " : "NAME ") + random.nextInt(1000);
                changes.remove(name);
                changes.put(name, random.nextInt(5) < 3 ? Optional.of(new Node.Child(name, round)) : Optional.empty());
            }
            entries = entries.with(changes);
            for (var change : changes.entrySet()) {
                model.remove(change.getKey());
                change.getValue().ifPresent(child -> model.put(child.name(), child));
            }
            assertThat(entries.size()).isEqualTo(model.size());
        }
        assertThat(entries.list()).containsExactlyElementsOf(model.values());
        for (int i = 0; i < 1000; i++) {
            assertThat(Optional.ofNullable(entries.get("name " + i)))
                    .isEqualTo(Optional.ofNullable(model.get("name " + i)));
        }
    }

    @Test
    void nodesAreFoundByTheirIds() {
        var random = new SplittableRandom(4);
        var trie = IdTrie.EMPTY;
        var model = new TreeMap<Long, Node>();
        for (int i = 0; i < 20_000; i++) {
            long id = random.nextLong(1, i % 100 == 0 ? Long.MAX_VALUE : 5000);
            if (random.nextInt(3) == 0) {
                trie = trie.without(id);
                model.remove(id);
            } else {
                var node = Node.empty(id, 1, "n", Node.Attributes.NONE, i);
                trie = trie.with(id, node);
                model.put(id, node);
            }
        }
        var found = new ArrayList<Node>();
        trie.forEach(found::add);
        assertThat(found).containsExactlyElementsOf(model.values());
        assertThat(trie.size()).isEqualTo(model.size());
        for (var each : Map.copyOf(model).entrySet()) {
            assertThat(trie.get(each.getKey())).isSameAs(each.getValue());
        }
    }
}
