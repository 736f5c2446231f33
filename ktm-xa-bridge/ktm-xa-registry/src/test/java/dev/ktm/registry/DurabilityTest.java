package dev.ktm.registry;

import static dev.ktm.registry.IsolationTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is there after a crash, and what is made of damaged files. */
@Timeout(300)
@Tag("slow")
class DurabilityTest {

    private static final int TRANSACTIONS = 12;
    private static final int DAMAGES = 200;

    @TempDir
    Path directory;

    private Site site;

    @BeforeEach
    void open() throws Exception {
        site = new Site();
    }

    @AfterEach
    void close() {
        site.close();
    }

    private void set(String path, String name, String text) throws Exception {
        site.begin();
        site.registry().transactedRoot().createKey(path).setValue(RegistryValue.string(name, text));
        site.commit();
    }

    private static Map<String, String> texts(RegistryKey key) throws Exception {
        var found = new TreeMap<String, String>();
        for (var value : key.values()) {
            found.put(value.name(), value.asString().orElseThrow());
        }
        return found;
    }

    @Test
    void whatIsCommittedIsThereAfterACrashAndAPlainWriteIfItWasForced() throws Exception {
        set("a", "transacted", "1");
        site.root().openKey("a").setValue(RegistryValue.string("forced", "2"));
        site.registry().flush();
        site.root().openKey("a").setValue(RegistryValue.string("unforced", "3"));

        site.crash();

        assertThat(texts(site.root().openKey("a")))
                .containsExactly(Map.entry("forced", "2"), Map.entry("transacted", "1"));
    }

    @Test
    void everythingSurvivesACheckpointAndWhatCameAfterIt() throws Exception {
        site.root().createKey("a\\b", new KeyCreation(false, "class")).setValue(RegistryValue.dword("", 1));
        site.root().openKey("a").setSecurity(new KeySecurity("me", Map.of("*", KeyRight.ALL, "you", KeyRight.READ)));
        site.root().openKey("a\\b").setValue(RegistryValue.binary("\ud800 half a pair", new byte[5000]));
        site.registry().checkpoint();
        site.root().renameKey("a\\b", "c");
        site.root().createKey("d");
        site.registry().flush();
        var before = Site.everythingIn(site.root());

        site.crash();
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);

        site.registry().checkpoint();
        site.registry().checkpoint();
        site.crash();
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
        assertThat(site.registry().hives().get(0).repaired()).isEmpty();
    }

    @Test
    void aPlainWriteThatDoesNotFitIntoOneRecordIsLoggedAllTheSame() throws Exception {
        var large = new byte[3 << 20];
        new SplittableRandom(1).nextBytes(large);
        site.root().createKey("a").setValue(RegistryValue.binary("large", large));

        site.crash();
        assertThat(site.root().openKey("a").value("large").data()).isEqualTo(large);

        site.registry().checkpoint();
        site.crash();
        assertThat(site.root().openKey("a").value("large").data()).isEqualTo(large);
    }

    @Test
    @Conforms("TXR-22")
    void volatileKeysAreGoneAfterARestart() throws Exception {
        site.begin();
        var root = site.registry().transactedRoot();
        root.createKey("a").setValue(RegistryValue.string("v", "1"));
        root.createKey("a\\fleeting\\more", KeyCreation.VOLATILE).setValue(RegistryValue.string("v", "2"));
        site.commit();
        assertThat(site.root().openKey("a\\fleeting\\more").isVolatile()).isTrue();
        assertRefused(RegistryError.CHILD_MUST_BE_VOLATILE, () -> site.root().createKey("a\\fleeting\\durable"));
        site.registry().checkpoint();

        site.crash();

        assertThat(site.root().openKey("a").subkeys()).isEmpty();
        assertThat(texts(site.root().openKey("a"))).containsExactly(Map.entry("v", "1"));
    }

    @Test
    void aVolatileKeyNeedsNoLog() throws Exception {
        site.root().createKey("fleeting", KeyCreation.VOLATILE).setValue(RegistryValue.string("v", "1"));
        assertThat(texts(site.root().openKey("fleeting"))).containsEntry("v", "1");
        site.root().deleteKey("fleeting");
        assertThat(site.root().subkeys()).isEmpty();
    }

    @Test
    void aVolatileKeyInThePlaceOfADurableOneLeavesNothingOfThatBehind() throws Exception {
        site.root().createKey("p\\deleted").setValue(RegistryValue.string("v", "1"));
        site.root().createKey("p\\renamed");
        site.begin();
        var p = site.registry().transactedRoot().openKey("p");
        p.deleteKey("deleted");
        p.createKey("deleted", KeyCreation.VOLATILE);
        p.renameKey("renamed", "other");
        p.createKey("renamed", KeyCreation.VOLATILE);
        site.commit();
        assertThat(site.root().openKey("p").subkeys()).containsExactly("deleted", "other", "renamed");

        site.crash();

        assertThat(site.root().openKey("p").subkeys()).containsExactly("other");
        assertThat(site.root().createKey("p\\deleted").isCreated()).isTrue();
        assertThat(site.root().createKey("p\\renamed").isCreated()).isTrue();
    }

    /** Keys are written in frames that have a limit when they are read. */
    @Test
    void theLargestClassAndSecurityCanBeReadAgainAndLargerOnesAreRefused() throws Exception {
        var grants = new TreeMap<String, Set<KeyRight>>();
        for (int i = 0; i < 2000; i++) {
            grants.put("principal " + i, KeyRight.READ);
        }
        var security = new KeySecurity("me", Map.of("*", KeyRight.ALL, "y".repeat(32_000), KeyRight.READ));
        var tooLarge = new KeySecurity("me", grants);
        var root = site.root();
        assertRefused(
                RegistryError.VALUE_TOO_LARGE,
                () -> root.createKey("a", new KeyCreation(false, "c".repeat(Hive.MOST_CLASS_CHARACTERS + 1))));
        assertThat(root.subkeys()).isEmpty();
        var a = root.createKey("a", new KeyCreation(false, "\u03a9".repeat(Hive.MOST_CLASS_CHARACTERS)));
        a.setSecurity(security);
        assertRefused(RegistryError.VALUE_TOO_LARGE, () -> a.setSecurity(tooLarge));
        a.setValue(RegistryValue.binary("v".repeat(16_383), new byte[1 << 16]));
        site.registry().checkpoint();
        a.setValue(RegistryValue.dword("w", 1));
        site.registry().checkpoint();
        var before = Site.everythingIn(site.root());

        site.crash();

        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
        assertThat(site.registry().hives().get(0).repaired()).isEmpty();
    }

    // Damage.

    @Test
    void valuesAreReadInAnyOrderAsThatOfTheirNamesDependsOnTheJdk() throws Exception {
        for (var values : List.of(
                List.of(RegistryValue.dword("b", 1), RegistryValue.dword("a", 2)),
                List.of(RegistryValue.dword("a", 1), RegistryValue.dword("A", 2)))) {
            var root = new Node(Node.ROOT, 0, "", Node.Attributes.NONE, 0, Entries.empty(), Entries.ofSorted(values));
            var tree = new Tree(IdTrie.EMPTY.with(Node.ROOT, root), IdTrie.EMPTY);
            var disk = new SimulatedDevice();
            try (var file = disk.create("some.hive", 0)) {
                new CheckpointWriter(file).write(new HiveFiles.Checkpoint(new UUID(1, 2), 1, 0, tree, 2, true));
            }
            try (var file = disk.open("some.hive", LogDevice.Access.READ)) {
                if (values.get(1).name().equals("A")) {
                    assertRefused(RegistryError.HIVE_CORRUPT, () -> new CheckpointReader(file).read())
                            .hasMessageContaining("twice");
                } else {
                    var found = new CheckpointReader(file).read().tree().get(Node.ROOT);
                    assertThat(Objects.requireNonNull(found).values().list())
                            .extracting(RegistryValue::name)
                            .containsExactly("a", "b");
                }
            }
        }
    }

    @Test
    @Conforms("TXR-24")
    void aTornFileIsRepairedFromTheLogAndItsSequenceNumbersAgreeThen() throws Exception {
        set("a", "v", "1");
        site.registry().checkpoint();
        set("a", "v", "2");
        site.registry().checkpoint();
        set("b", "v", "3");
        var before = Site.everythingIn(site.root());
        var log = site.log().copy();
        // Of the last checkpoint only the beginning of the header has reached the disk: the first sequence number and
        // no second.
        var files = site.files().copy();
        var header = files.raw().read("main.hive", 0, 4096);
        ByteBuffer.wrap(header).putLong(CheckpointFormat.SECOND_SEQUENCE_OFFSET, 1);
        files.raw().write("main.hive", 0, header);

        site.reopen(log, files);

        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
        assertThat(site.registry().hives().get(0).repaired()).contains("main.hive");
        var repaired = ByteBuffer.wrap(site.files().raw().read("main.hive", 0, 4096));
        assertThat(repaired.getLong(CheckpointFormat.FIRST_SEQUENCE_OFFSET))
                .isEqualTo(repaired.getLong(CheckpointFormat.SECOND_SEQUENCE_OFFSET));
        site.crash();
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
        assertThat(site.registry().hives().get(0).repaired()).isEmpty();
    }

    /** Something bad that happens to one file. */
    private static void damage(SimulatedDevice disk, String file, SplittableRandom random) {
        var raw = disk.raw();
        long size = raw.size(file);
        switch (random.nextInt(5)) {
            case 0 -> raw.flipBit(file, random.nextLong(size * Byte.SIZE));
            case 1 -> raw.truncateFile(file, random.nextLong(size));
            case 2 -> raw.deleteFile(file);
            case 3 -> {
                var noise = new byte[random.nextInt(1, 6000)];
                random.nextBytes(noise);
                raw.write(file, random.nextLong(size), noise);
            }
            default -> {
                var noise = new byte[(int) size];
                random.nextBytes(noise);
                raw.createFile(file, noise);
            }
        }
    }

    @Test
    void whateverHappensToOneFileNothingIsLost() throws Exception {
        fill();
        var before = Site.everythingIn(site.root());
        var log = site.log().copy();
        var files = site.files().copy();
        var random = new SplittableRandom(42);

        for (int i = 0; i < DAMAGES; i++) {
            var damaged = files.copy();
            damage(damaged, i % 2 == 0 ? "main.hive" : "main.old", random);
            site.reopen(log.copy(), damaged);
            assertThat(Site.everythingIn(site.root())).as("damage %d", i).isEqualTo(before);
        }
    }

    private void fill() throws Exception {
        for (int i = 0; i < 40; i++) {
            site.root().createKey("key " + i).setValue(RegistryValue.binary("value", new byte[i * 30]));
        }
        site.registry().checkpoint();
        set("a", "v", "1");
        site.registry().checkpoint();
        set("b", "v", "2");
    }

    @Test
    void ifBothFilesAreDamagedThatIsSaidAndNothingIsChanged() throws Exception {
        fill();
        site.registry().checkpoint();
        var before = Site.everythingIn(site.root());
        var log = site.log().copy();
        var files = site.files().copy();
        var damaged = files.copy();
        damaged.raw().flipBit("main.hive", 40_000);
        damaged.raw().flipBit("main.old", 40_001);
        var bytes = damaged.raw().read("main.hive");

        assertRefused(RegistryError.HIVE_CORRUPT, () -> site.reopen(log, damaged))
                .hasMessageContaining("main.hive")
                .hasMessageContaining("checksum");

        assertThat(damaged.raw().read("main.hive")).isEqualTo(bytes);
        site.reopen(log.copy(), files);
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
    }

    @Test
    void filesOfAnotherLogAreRefusedUntilTheyAreAdopted() throws Exception {
        fill();
        site.registry().checkpoint();
        var before = Site.everythingIn(site.root());
        var files = site.files().copy();

        assertRefused(RegistryError.HIVE_CORRUPT, () -> site.reopen(new SimulatedDevice(), files.copy()))
                .hasMessageContaining("adopt");

        site.close();
        site = new Site(new SimulatedDevice(), files, options -> options.adopting(true));
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
        set("after", "v", "1");
        var log = site.log().copy();
        var adopted = site.files().copy();
        site.close();
        site = new Site(log, adopted, options -> {});
        assertThat(texts(site.root().openKey("after"))).containsEntry("v", "1");
        assertThat(site.root().subkeys()).contains("key 1");
    }

    @Test
    void noiseIsNoCheckpoint() throws Exception {
        var disk = new SimulatedDevice();
        var random = new SplittableRandom(7);
        for (int i = 0; i < 2000; i++) {
            var noise = new byte[random.nextInt(3 * 4096)];
            random.nextBytes(noise);
            if (i % 2 == 0 && noise.length >= 4096) {
                makeHeader(noise, random);
            }
            disk.raw().createFile("noise", noise);
            try (var file = disk.open("noise", LogDevice.Access.READ)) {
                assertRefused(RegistryError.HIVE_CORRUPT, () -> new CheckpointReader(file).read());
            }
        }
    }

    /** A header with a good checksum before a body of noise. */
    private static void makeHeader(byte[] noise, SplittableRandom random) {
        var header = ByteBuffer.wrap(noise);
        header.putLong(CheckpointFormat.MAGIC_OFFSET, CheckpointFormat.MAGIC);
        header.putInt(CheckpointFormat.VERSION_OFFSET, CheckpointFormat.VERSION);
        header.putLong(CheckpointFormat.FIRST_SEQUENCE_OFFSET, 1);
        header.putLong(CheckpointFormat.SECOND_SEQUENCE_OFFSET, 1);
        header.putLong(CheckpointFormat.BODY_OFFSET, random.nextLong(noise.length));
        header.putInt(CheckpointFormat.CRC_OFFSET, CheckpointFormat.checksum(header));
    }

    @Test
    void aFailedCheckpointLosesNothingAndTheNextOneSucceeds() throws Exception {
        set("a", "v", "1");
        for (var kind : List.of(
                OperationKind.CREATE,
                OperationKind.WRITE,
                OperationKind.WRITE_FORCE,
                OperationKind.FORCE,
                OperationKind.RENAME,
                OperationKind.FORCE_DIRECTORY)) {
            set("a", "before " + kind, "1");
            site.files().injectFaults(FaultPlan.none().failFrom(kind, 1));
            assertThatThrownBy(() -> site.registry().checkpoint(), "%s", kind).isInstanceOf(RegistryException.class);
            site.files().injectFaults(FaultPlan.none());
            set("a", "v " + kind, "1");
            site.crash();
            assertThat(texts(site.root().openKey("a"))).containsKey("v " + kind);
            site.registry().checkpoint();
            site.crash();
            assertThat(texts(site.root().openKey("a"))).containsKey("v " + kind);
        }
    }

    /** At each of its steps, with transactions that go on meanwhile, and a crash. */
    @Test
    void whereverTheDiskOfTheCheckpointsIsFullNothingIsLost() throws Exception {
        fill();
        int failures = 0;
        for (var kind : OperationKind.values()) {
            for (int step = 1; isRefusedFrom(kind, step); step++) {
                set("a", "while it is full", kind + " " + step);
                var before = Site.everythingIn(site.root());
                site.crash();
                assertThat(Site.everythingIn(site.root()))
                        .as("%s %d", kind, step)
                        .isEqualTo(before);
                failures++;
            }
        }
        assertThat(failures).isGreaterThan(10);
        site.registry().checkpoint();
        assertThat(site.registry().hives().get(0).repaired()).isEmpty();
    }

    /** Whether a checkpoint fails if all such operations do from this one on; they still do when it returns, if so. */
    private boolean isRefusedFrom(OperationKind kind, int step) throws Exception {
        set("a", "before", kind + " " + step);
        site.files().injectFaults(FaultPlan.none().failFrom(kind, step));
        try {
            site.registry().checkpoint();
            site.files().injectFaults(FaultPlan.none());
            return false;
        } catch (RegistryException e) {
            assertThat(e).hasMessageContaining("checkpoint");
            return true;
        }
    }

    @Test
    void aCheckpointWhoseSecondNameCouldNotBeChangedDoesNotHoldUpTheNextOnes() throws Exception {
        set("a", "v", "1");
        site.registry().checkpoint();
        set("a", "v", "2");
        site.files().injectFaults(FaultPlan.none().fail(OperationKind.RENAME, 2));
        assertThatThrownBy(() -> site.registry().checkpoint()).isInstanceOf(RegistryException.class);

        site.registry().checkpoint();
        set("a", "v", "3");
        site.registry().checkpoint();

        assertThat(site.files().list()).contains("main.hive", "main.old").doesNotContain("main.new");
        assertThat(site.registry().hives().get(0).checkpoint()).isEqualTo(3);
        site.crash();
        assertThat(texts(site.root().openKey("a"))).containsEntry("v", "3");
        assertThat(site.registry().hives().get(0).repaired()).isEmpty();
    }

    /** As above, and the power goes before the next one. */
    @Test
    void betweenTheTwoNamesOfACheckpointNothingIsLost() throws Exception {
        set("a", "v", "1");
        site.registry().checkpoint();
        set("a", "v", "2");
        site.files().injectFaults(FaultPlan.none().fail(OperationKind.RENAME, 2));
        assertThatThrownBy(() -> site.registry().checkpoint()).isInstanceOf(RegistryException.class);
        set("a", "v", "3");

        site.crash();

        assertThat(texts(site.root().openKey("a"))).containsEntry("v", "3");
        site.registry().checkpoint();
        site.crash();
        assertThat(texts(site.root().openKey("a"))).containsEntry("v", "3");
    }

    @Test
    void theLogIsShortenedWhileTransactionsGoOn() throws Exception {
        var padding = "x".repeat(2000);
        for (int i = 0; i < 3000; i++) {
            set("k" + i % 10, "v", i + padding);
        }
        assertThat(site.registry().hives().get(0).checkpoint()).isGreaterThan(2);

        site.crash();

        for (int i = 2990; i < 3000; i++) {
            assertThat(texts(site.root().openKey("k" + i % 10))).containsEntry("v", i + padding);
        }
    }

    @Test
    void anUnloadedHiveHoldsUpNobodyAndCanBeLoadedElsewhere() throws Exception {
        site.registry().loadHive("users");
        set("users\\a", "v", "1");
        site.registry().unloadHive("users");
        var unloaded = site.files().copy();
        var padding = "x".repeat(2000);
        for (int i = 0; i < 3000; i++) {
            set("k", "v", i + padding);
        }
        site.registry().loadHive("users");
        assertThat(texts(site.root().openKey("users\\a"))).containsEntry("v", "1");
        set("users\\a", "v", "2");
        site.crash();
        site.registry().loadHive("users");
        assertThat(texts(site.root().openKey("users\\a"))).containsEntry("v", "2");

        var elsewhere = new SimulatedDevice();
        elsewhere.raw().createFile("users.hive", unloaded.raw().read("users.hive"));
        site.reopen(new SimulatedDevice(), elsewhere);
        site.registry().loadHive("users");
        assertThat(texts(site.root().openKey("users\\a"))).containsEntry("v", "1");
    }

    @Test
    void byDefaultCheckpointsLieBesideTheLog() throws Exception {
        var log = directory.resolve("log");
        var options = KtmOptions.builder().logDirectory(log).build();
        try (var ktm = Ktm.open(options);
                var registry = Registry.open(ktm, "settings")) {
            registry.root().createKey("a").setValue(RegistryValue.string("v", "1"));
            registry.checkpoint();
            assertRefused(RegistryError.IO_FAILED, () -> Registry.open(ktm, "settings"));
        }
        assertThat(Files.exists(directory.resolve("log-registry/settings/main.hive")))
                .isTrue();
        try (var ktm = Ktm.open(options);
                var registry = Registry.open(ktm, "settings")) {
            assertThat(texts(registry.root().openKey("a"))).containsEntry("v", "1");
        }
        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            assertRefused(RegistryError.INVALID_PARAMETER, () -> Registry.open(ktm, "settings"));
        }
    }

    /** Every state in which a crash can leave the disk while a hive is unloaded, loaded and changed. */
    @Test
    @Tag("slow")
    void afterAnyCrashAHiveThatIsUnloadedAndLoadedIsThere() throws Exception {
        var disk = new SimulatedDevice();
        site.close();
        site = new Site(OneDisk.log(disk), OneDisk.files(disk), options -> options.hive("users"));
        set("users\\a", "v", "0");
        disk.forgetHistory();
        for (int i = 1; i < 3; i++) {
            site.registry().unloadHive("users");
            site.registry().loadHive("users");
            set("users\\a", "v", "" + i);
            disk.mark(i);
        }

        var checked = new AtomicLong();
        CrashStates.of(disk.history()).atMostPerPoint(64).forEach(state -> {
            checked.incrementAndGet();
            int acknowledged = state.lastMark(Integer.class).orElse(0);
            try (var found = new Site(
                    OneDisk.log(state.device()), OneDisk.files(state.device()), options -> options.hive("users"))) {
                var text = texts(found.root().openKey("users\\a")).get("v");
                assertThat(Integer.parseInt(Objects.requireNonNull(text))).isBetween(acknowledged, acknowledged + 1);
                found.root().openKey("users\\a").setValue(RegistryValue.string("v", "after"));
                found.registry().flush();
                found.reopen(found.logDisk(), found.filesDisk());
                assertThat(texts(found.root().openKey("users\\a"))).containsEntry("v", "after");
            } catch (Exception e) {
                throw new AssertionError(state.description(), e);
            }
        });
        assertThat(checked.get()).isGreaterThan(50);
    }

    /** A hive that was loaded again needs its log: without that it is refused, and not taken as it was when it was unloaded. */
    @Test
    void aHiveThatIsInUseAgainNeedsItsLog() throws Exception {
        site.registry().loadHive("users");
        set("users\\a", "v", "1");
        site.registry().unloadHive("users");
        site.registry().loadHive("users");
        set("users\\a", "v", "2");
        var files = site.files().copy();

        for (var damaged : List.of(false, true)) {
            var found = files.copy();
            if (damaged) {
                found.raw().flipBit("users.hive", 0);
            }
            assertRefused(RegistryError.HIVE_CORRUPT, () -> {
                        try (var opened = new Site(new SimulatedDevice(), found, options -> {})) {
                            opened.registry().loadHive("users");
                        }
                    })
                    .hasMessageContaining("adopt");
        }
    }

    /** Every state in which a crash can leave the disk, at every moment of a run of transactions over two hives. */
    @Test
    @Tag("slow")
    @Conforms("TXR-18")
    void afterAnyCrashBothHivesAgreeAndNothingAcknowledgedIsLost() throws Exception {
        var disk = new SimulatedDevice();
        site.close();
        site = new Site(OneDisk.log(disk), OneDisk.files(disk), options -> options.hive("users"));
        disk.forgetHistory();
        for (int i = 0; i < TRANSACTIONS; i++) {
            site.begin();
            var root = site.registry().transactedRoot();
            root.createKey("here\\" + i).setValue(RegistryValue.dword("v", i));
            root.createKey("users\\" + i).setValue(RegistryValue.dword("v", i));
            if (i > 0) {
                root.deleteKey("here\\" + (i - 1));
                root.deleteKey("users\\" + (i - 1));
            }
            site.commit();
            disk.mark(i);
            if (i % 3 == 2) {
                site.registry().checkpoint();
            }
        }

        var checked = new AtomicLong();
        CrashStates.of(disk.history()).atMostPerPoint(64).forEach(state -> {
            checked.incrementAndGet();
            int acknowledged = state.lastMark(Integer.class).orElse(-1);
            try (var found = new Site(
                    OneDisk.log(state.device()), OneDisk.files(state.device()), options -> options.hive("users"))) {
                var users = found.root().openKey("users").subkeys();
                var here = found.root().subkeys().contains("here")
                        ? found.root().openKey("here").subkeys()
                        : List.of();
                assertThat(here).isEqualTo(users).hasSizeLessThan(2);
                assertThat(acknowledged < 0 || users.size() == 1).isTrue();
                if (!users.isEmpty()) {
                    assertThat(Integer.parseInt(users.get(0))).isBetween(acknowledged, acknowledged + 1);
                }
                assertThat(found.registry().main().locks().isEmpty()).isTrue();
            } catch (Exception e) {
                throw new AssertionError(state.description(), e);
            }
        });
        assertThat(checked.get()).isGreaterThan(100);
    }
}
