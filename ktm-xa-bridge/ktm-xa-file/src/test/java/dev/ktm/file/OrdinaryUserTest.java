package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import jakarta.transaction.RollbackException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be set, removed or read by somebody who is not the superuser: it is found before anything is decided, or managed. */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OrdinaryUserTest {

    private static final int US = 1000;
    private static final int SOMEBODY = 1001;
    private static final int THEIR_GROUP = 2001;
    private static final int MAY_READ = 0b100_000_000;
    private static final int MAY_WRITE = 0b010_000_000;
    private static final int MAY_SEARCH = 0b001_000_000;

    /** As the system is to somebody who is not the superuser. */
    private static final class OrdinaryUser extends ForwardingDisk {
        volatile String others = "";
        volatile String refused = "";
        volatile boolean isOrdinary;
        /** What has got a mode. */
        final Set<String> modesSet = ConcurrentHashMap.newKeySet();

        OrdinaryUser(Disk disk) {
            super(disk);
        }

        private boolean isOthers(String name) {
            return !others.isEmpty() && Names.isWithin(name, others);
        }

        @Override
        public Optional<Stat> stat(String name) throws IOException {
            for (var above = name; !above.isEmpty(); ) {
                above = Names.parent(above);
                require(MAY_SEARCH, above);
            }
            return super.stat(name)
                    .map(stat -> new Stat(
                            stat.kind(),
                            stat.key(),
                            stat.size(),
                            stat.modifiedNanos(),
                            stat.names(),
                            stat.owned().map(owned -> as(isOthers(name) ? SOMEBODY : US, owned))));
        }

        private Owned as(int user, Owned owned) {
            return isOrdinary ? new Owned(user, owned.group(), owned.mode()) : owned;
        }

        @Override
        public void setAttribute(String name, String attribute, Object value) throws IOException {
            if (!refused.isEmpty() && attribute.startsWith(refused)) {
                throw new FileSystemException(name, null, "No space left on device");
            }
            if (isOthers(name)) {
                throw new AccessDeniedException(name);
            }
            if (attribute.startsWith("user:")) {
                require(MAY_WRITE, name);
            }
            if (isOrdinary && attribute.equals("unix:gid") && value.equals(THEIR_GROUP)) {
                throw new AccessDeniedException(name);
            }
            if (isOrdinary && attribute.endsWith("mode") && !Names.isWithin(name, WorkArea.HIDDEN)) {
                modesSet.add(name);
            }
            // The number that we have is not the true one.
            if (isOrdinary && attribute.endsWith("uid")) {
                return;
            }
            super.setAttribute(name, attribute, value);
        }

        private boolean isMissing(int right, String name) {
            try {
                var owned = super.stat(name).flatMap(Stat::owned);
                return isOrdinary && owned.isPresent() && (owned.get().mode() & right) == 0;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public boolean isWritable(String directory) {
            return !isMissing(MAY_WRITE, directory);
        }

        @Override
        public boolean isReadable(String directory) {
            return !isMissing(MAY_READ, directory) && !isMissing(MAY_SEARCH, directory);
        }

        private void require(int right, String name) throws IOException {
            if (isMissing(right, name)) {
                throw new AccessDeniedException(name);
            }
        }

        private void requireEntered(String name) throws IOException {
            require(MAY_WRITE, Names.parent(name));
        }

        @Override
        public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
            if (options.contains(StandardOpenOption.WRITE)) {
                require(MAY_WRITE, name);
            }
            if (options.contains(StandardOpenOption.READ)) {
                require(MAY_READ, name);
            }
            return super.open(name, options);
        }

        @Override
        public void forceDirectory(String name) throws IOException {
            require(MAY_READ, name);
            super.forceDirectory(name);
        }

        @Override
        public void forceAll(Collection<String> files, Collection<String> directories) throws IOException {
            RealDisk.force(files, directories, this::forceFileIfThere, this::forceDirectoryIfThere);
        }

        @Override
        public void rename(String from, String to) throws IOException {
            requireEntered(from);
            requireEntered(to);
            super.rename(from, to);
        }

        @Override
        public void addName(String existing, String added) throws IOException {
            if (isOthers(existing)) {
                throw new FileSystemException(added, existing, "Operation not permitted");
            }
            super.addName(existing, added);
        }

        @Override
        public void createDirectory(String name) throws IOException {
            requireEntered(name);
            super.createDirectory(name);
        }
    }

    @TempDir
    Path directory;

    private SimulatedDevice device = new SimulatedDevice();
    private OrdinaryUser disk;
    private Ktm ktm;
    private TransactedFiles files;

    @BeforeEach
    void open() throws Exception {
        disk = new OrdinaryUser(new RealDisk(directory));
        openFiles();
        Files.writeString(path("/a"), "old");
        Files.createDirectory(path("/d"));
        Files.createSymbolicLink(path("/link"), path("/a"));
    }

    private void openFiles() throws IOException {
        ktm = Ktm.open(KtmOptions.builder()
                .device(device)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        files = TransactedFiles.open(
                ktm, "test", () -> {}, ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
    }

    @AfterEach
    void close() {
        files.close();
        ktm.close();
    }

    private Path path(String name) {
        return files.fileSystem().getPath(name);
    }

    private void begin() throws Exception {
        ktm.transactionManager().begin();
    }

    private void commit() throws Exception {
        ktm.transactionManager().commit();
    }

    private void assertWorks() throws Exception {
        begin();
        Files.writeString(path("/next"), "new");
        commit();
        close();
        openFiles();
        assertThat(Files.readString(path("/next"))).isEqualTo("new");
        assertThat(Files.readString(path("/a"))).isEqualTo("old");
    }

    /** Something that a transaction does. */
    private interface Call {
        void run() throws Exception;
    }

    private void assertRefusedAtOnce(Class<? extends Exception> failure, Call call) throws Exception {
        begin();
        assertThatThrownBy(call::run).isInstanceOf(failure);
        commit();
        assertWorks();
    }

    private void assertRefusedAtTheVote(String why, Call call) throws Exception {
        begin();
        call.run();
        assertThatThrownBy(this::commit).isInstanceOf(RollbackException.class).hasStackTraceContaining(why);
        disk.refused = "";
        disk.others = "";
        assertWorks();
    }

    @Test
    @Conforms("TXF-DUR-09")
    void whatIsNoAttributeIsRefusedAtOnce() throws Exception {
        assertRefusedAtOnce(
                IllegalArgumentException.class,
                () -> Files.setAttribute(path("/a"), "basic:nonsense", FileTime.fromMillis(0)));
    }

    @Test
    @Conforms("TXF-DUR-09")
    void whatCannotBeSetIsRefusedAtOnce() throws Exception {
        assertRefusedAtOnce(IllegalArgumentException.class, () -> Files.setAttribute(path("/a"), "unix:ino", 5));
    }

    @Test
    void aValueOfAnotherTypeIsRefusedAtOnce() throws Exception {
        assertRefusedAtOnce(
                TxfException.class, () -> Files.setAttribute(path("/a"), "unix:mode", FileTime.fromMillis(0)));
    }

    @Test
    void whatCannotBeSetIsRefusedAtOnceWhenSomethingIsMade() throws Exception {
        var nonsense = new FileAttribute<FileTime>() {
            @Override
            public String name() {
                return "basic:nonsense";
            }

            @Override
            public FileTime value() {
                return FileTime.fromMillis(0);
            }
        };
        assertRefusedAtOnce(IllegalArgumentException.class, () -> Files.createDirectory(path("/new"), nonsense));
        assertRefusedAtOnce(IllegalArgumentException.class, () -> Files.createFile(path("/file"), nonsense));
        assertThat(Files.exists(path("/file"))).isFalse();
    }

    @Test
    void theAttributesOfALinkThatIsNewAreRefusedAtOnce() throws Exception {
        assertRefusedAtOnce(TxfException.class, () -> {
            Files.createSymbolicLink(path("/new"), path("/a"));
            Files.setAttribute(path("/new"), "lastModifiedTime", FileTime.fromMillis(0), LinkOption.NOFOLLOW_LINKS);
        });
    }

    @Test
    @Conforms("TXF-DUR-09")
    void theRightsOfALinkAreRefusedAtTheVote() throws Exception {
        assertRefusedAtTheVote(
                "symbolic link",
                () -> Files.setAttribute(
                        path("/link"),
                        "posix:permissions",
                        PosixFilePermissions.fromString("rw-------"),
                        LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    @Conforms("TXF-DUR-09")
    void aUserAttributeForWhichThereIsNoRoomIsRefusedAtTheVote() throws Exception {
        disk.refused = "user:";
        assertRefusedAtTheVote("No space left", () -> Files.setAttribute(path("/d"), "user:x", new byte[1]));
    }

    @Test
    @Conforms("TXF-DUR-09")
    void aUserAttributeThatIsLargerThanAnyCanBeIsRefusedAtTheVote() throws Exception {
        assertRefusedAtTheVote("", () -> Files.setAttribute(path("/a"), "user:x", ByteBuffer.allocate(100_000)));
    }

    @Test
    @Conforms("TXF-DUR-09")
    void whatIsSomebodyElsesIsRefusedAtTheVote() throws Exception {
        disk.others = "a";
        assertRefusedAtTheVote(
                "AccessDeniedException: a", () -> Files.setLastModifiedTime(path("/a"), FileTime.fromMillis(0)));
    }

    @Test
    void whatIsOursHasAttributesSetThoughItsGroupIsNotOurs() throws Exception {
        Files.writeString(path("/f"), "content");
        Files.setAttribute(directory.resolve("f"), "unix:gid", THEIR_GROUP);
        disk.isOrdinary = true;
        begin();
        Files.setLastModifiedTime(path("/f"), FileTime.fromMillis(1_000));
        Files.setAttribute(path("/f"), "user:x", new byte[] {1});
        commit();

        assertThat(Files.getLastModifiedTime(directory.resolve("f"))).isEqualTo(FileTime.fromMillis(1_000));
        assertWorks();
    }

    @Test
    void theVoteDoesNotTouchTheBitsOfAFileThatGo() throws Exception {
        Files.writeString(path("/f"), "content");
        Files.setAttribute(directory.resolve("f"), "unix:mode", 02755);
        disk.isOrdinary = true;
        begin();
        Files.setLastModifiedTime(path("/f"), FileTime.fromMillis(1_000));
        commit();

        assertThat(disk.modesSet).doesNotContain("f");
        assertWorks();
    }

    @Test
    void whatIsSomebodyElsesInAStickyDirectoryIsNotRemoved() throws Exception {
        Files.writeString(path("/d/theirs"), "theirs");
        Files.setAttribute(directory.resolve("d"), "unix:mode", 01777);
        disk.isOrdinary = true;
        disk.others = "d";

        assertRefusedAtTheVote("not sticky", () -> Files.delete(path("/d/theirs")));
    }

    @Test
    void nothingIsMovedOverWhatIsSomebodyElsesInAStickyDirectory() throws Exception {
        Files.writeString(path("/ours"), "ours");
        Files.writeString(path("/d/theirs"), "theirs");
        Files.setAttribute(directory.resolve("d"), "unix:mode", 01777);
        disk.isOrdinary = true;
        disk.others = "d";

        assertRefusedAtTheVote(
                "not sticky", () -> Files.move(path("/ours"), path("/d/theirs"), StandardCopyOption.REPLACE_EXISTING));
    }

    @Test
    void aFileThatMayNotBeLinkedIsFoundAtTheVote() throws Exception {
        Files.writeString(path("/theirs"), "theirs");
        disk.isOrdinary = true;
        disk.others = "theirs";

        assertRefusedAtTheVote("Operation not permitted", () -> Files.createLink(path("/added"), path("/theirs")));
    }

    @Test
    void whatMayNotBeChangedBelowADirectoryThatIsMovedIsFoundAtTheVote() throws Exception {
        Files.createDirectory(path("/d/sub"));
        Files.setPosixFilePermissions(path("/d/sub"), PosixFilePermissions.fromString("r-xr-xr-x"));
        disk.isOrdinary = true;

        assertRefusedAtTheVote("AccessDeniedException: d/sub", () -> {
            Files.move(path("/d"), path("/moved"));
            Files.writeString(path("/moved/sub/in"), "in");
        });
    }

    @Test
    void whatMayBeChangedIsNotTakenForWhatHadItsNameBefore() throws Exception {
        Files.createDirectories(path("/d/sub"));
        Files.createDirectories(path("/e/sub"));
        Files.setPosixFilePermissions(path("/d/sub"), PosixFilePermissions.fromString("r-xr-xr-x"));
        disk.isOrdinary = true;
        begin();
        Files.move(path("/d"), path("/other"));
        Files.move(path("/e"), path("/d"));
        Files.writeString(path("/d/sub/in"), "in");
        commit();

        assertThat(directory.resolve("d/sub/in")).hasContent("in");
    }

    @Test
    void aDirectoryThatMayNotBeWrittenToIsNotMoved() throws Exception {
        Files.setPosixFilePermissions(directory.resolve("d"), PosixFilePermissions.fromString("r-xr-xr-x"));
        disk.isOrdinary = true;

        assertRefusedAtTheVote("AccessDeniedException: d", () -> Files.move(path("/d"), path("/elsewhere")));
    }

    @Test
    void aDirectoryIsClosedOnceEverythingIsInIt() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.createDirectory(
                path("/closed"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-xr-x")));
        Files.writeString(path("/closed/in"), "in");
        commit();

        assertThat(directory.resolve("closed/in")).hasContent("in");
        assertThat(Files.getPosixFilePermissions(directory.resolve("closed")))
                .isEqualTo(PosixFilePermissions.fromString("r-xr-xr-x"));
    }

    @Test
    void whatWasCommittedBeforeADirectoryWasClosedIsDoneAgain() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.writeString(path("/d/in"), "in");
        commit();
        begin();
        Files.setPosixFilePermissions(path("/d"), PosixFilePermissions.fromString("---r-xr-x"));
        commit();

        // The process is killed: nobody tidies.
        var left = device.copy();
        close();
        Files.setPosixFilePermissions(directory.resolve("d"), PosixFilePermissions.fromString("---r-xr-x"));
        device = left;
        openFiles();

        assertThat(directory.resolve("d/in")).hasContent("in");
        assertThat(Files.getPosixFilePermissions(directory.resolve("d")))
                .isEqualTo(PosixFilePermissions.fromString("---r-xr-x"));
    }

    private void assertSettles(String name, String mode) throws Exception {
        long before = disk.forces();
        files.settle();
        assertThat(disk.forces()).isGreaterThan(before);
        assertThat(Files.getPosixFilePermissions(directory.resolve(name)))
                .isEqualTo(PosixFilePermissions.fromString(mode));
        assertWorks();
    }

    @Test
    void aFileThatItsOwnerMayNotReadIsForcedAllTheSame() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.writeString(path("/secret"), "secret");
        Files.setPosixFilePermissions(path("/secret"), PosixFilePermissions.fromString("---rw----"));
        commit();

        assertSettles("secret", "---rw----");
    }

    /** The process is killed: nobody tidies. */
    private void restart(SimulatedDevice left) throws IOException {
        close();
        device = left;
        openFiles();
    }

    @Test
    void aFileThatItsOwnerMayNotReadIsDoneAgain() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.writeString(path("/secret"), "secret");
        Files.setPosixFilePermissions(path("/secret"), PosixFilePermissions.fromString("---rw----"));
        commit();
        restart(device.copy());

        assertThat(directory.resolve("secret")).hasContent("secret");
        assertThat(Files.getPosixFilePermissions(directory.resolve("secret")))
                .isEqualTo(PosixFilePermissions.fromString("---rw----"));
        assertThat(directory.resolve(WorkArea.ASIDE)).isEmptyDirectory();
        assertWorks();
    }

    private Object userAttribute(String name) throws IOException {
        return Files.getAttribute(directory.resolve(name), "user:x");
    }

    @Test
    void whatWasSetBeforeTheOwnerWasNotToWriteAnyMoreIsSetOnceMore() throws Exception {
        Files.writeString(path("/f"), "content");
        disk.isOrdinary = true;
        begin();
        Files.setAttribute(path("/f"), "user:x", new byte[] {1});
        Files.setAttribute(path("/d"), "user:x", new byte[] {2});
        commit();
        begin();
        Files.setPosixFilePermissions(path("/f"), PosixFilePermissions.fromString("r--r--r--"));
        Files.setPosixFilePermissions(path("/d"), PosixFilePermissions.fromString("r-xr-xr-x"));
        commit();
        var left = device.copy();
        // A power cut has left the file as it was, and its rights as they are.
        Files.setAttribute(directory.resolve("f"), "user:x", new byte[] {0});
        restart(left);

        assertThat(userAttribute("f")).isEqualTo(new byte[] {1});
        assertThat(userAttribute("d")).isEqualTo(new byte[] {2});
        assertThat(Files.getPosixFilePermissions(directory.resolve("f")))
                .isEqualTo(PosixFilePermissions.fromString("r--r--r--"));
        assertThat(Files.getPosixFilePermissions(directory.resolve("d")))
                .isEqualTo(PosixFilePermissions.fromString("r-xr-xr-x"));
    }

    @Test
    void anAttributeAndTheRightToSetItAreSetTogether() throws Exception {
        Files.writeString(path("/f"), "content");
        Files.setPosixFilePermissions(path("/f"), PosixFilePermissions.fromString("r--r--r--"));
        disk.isOrdinary = true;
        begin();
        Files.setPosixFilePermissions(path("/f"), PosixFilePermissions.fromString("rw-r--r--"));
        Files.setAttribute(path("/f"), "user:x", new byte[] {1});
        commit();

        assertThat(userAttribute("f")).isEqualTo(new byte[] {1});
        assertWorks();
    }

    @Test
    void anAttributeAloneOfAFileThatItsOwnerMayNotWriteIsRefusedAtTheVote() throws Exception {
        Files.writeString(path("/f"), "content");
        Files.setPosixFilePermissions(path("/f"), PosixFilePermissions.fromString("r--r--r--"));
        disk.isOrdinary = true;

        assertRefusedAtTheVote("AccessDeniedException", () -> Files.setAttribute(path("/f"), "user:x", new byte[] {1}));
    }

    @Test
    void whatSomebodyHasPutInThePlaceOfAFileAndMayNotBeReadIsPutAside() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.writeString(path("/f"), "committed");
        commit();
        var left = device.copy();
        Files.delete(directory.resolve("f"));
        Files.writeString(directory.resolve("f"), "foreign");
        Files.setLastModifiedTime(directory.resolve("f"), FileTime.fromMillis(4_000_000_000_000L));
        Files.setPosixFilePermissions(directory.resolve("f"), PosixFilePermissions.fromString("---------"));
        restart(left);

        assertThat(directory.resolve("f")).hasContent("committed");
        assertThat(directory.resolve(WorkArea.ASIDE)).isNotEmptyDirectory();
        assertWorks();
    }

    @Test
    void aFileWithTwoNamesThatItsOwnerMayNotReadIsOverwritten() throws Exception {
        Files.writeString(path("/x"), "before");
        Files.createLink(path("/y"), path("/x"));
        Files.setPosixFilePermissions(path("/x"), PosixFilePermissions.fromString("-w-------"));
        disk.isOrdinary = true;
        begin();
        Files.writeString(path("/x"), "after", StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        commit();

        assertThat(directory.resolve("y")).hasContent("after");
        assertThat(Files.getPosixFilePermissions(directory.resolve("y")))
                .isEqualTo(PosixFilePermissions.fromString("-w-------"));
        assertWorks();
    }

    @Test
    void aLargeFileThatItsOwnerMayNotReadIsForcedAllTheSame() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.writeString(path("/secret"), "x".repeat(100_000));
        Files.setPosixFilePermissions(path("/secret"), PosixFilePermissions.fromString("---------"));
        commit();

        assertSettles("secret", "---------");
    }

    @Test
    void aFileWhoseOwnerIsNotToReadItAnyMoreIsForcedAllTheSame() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.writeString(path("/b"), "new");
        commit();
        Files.setPosixFilePermissions(path("/b"), PosixFilePermissions.fromString("---------"));

        assertSettles("b", "---------");
    }

    @Test
    void aDirectoryThatItsOwnerMayNotReadIsForcedAllTheSame() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.writeString(path("/d/in"), "in");
        commit();
        Files.setPosixFilePermissions(path("/d"), PosixFilePermissions.fromString("-wx-wx-wx"));

        assertSettles("d", "-wx-wx-wx");
    }

    @Test
    @Conforms("TXF-DUR-09")
    void nothingIsCommittedBelowADirectoryThatMayNotBeRead() throws Exception {
        Files.createDirectory(path("/d/e"));
        Files.setPosixFilePermissions(directory.resolve("d"), PosixFilePermissions.fromString("-wx-wx-wx"));
        disk.isOrdinary = true;

        assertRefusedAtTheVote("AccessDeniedException: d", () -> Files.writeString(path("/d/e/in"), "in"));
    }

    @Test
    void whatLiesBelowADirectoryThatWasClosedIsForcedAndDoneAgain() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.createDirectory(path("/d/e"));
        Files.writeString(path("/d/e/in"), "in");
        Files.writeString(path("/d/e/beside"), "beside");
        Files.writeString(path("/d/there"), "there");
        commit();
        begin();
        Files.setLastModifiedTime(path("/d/e/in"), FileTime.fromMillis(1_000));
        commit();
        begin();
        Files.setPosixFilePermissions(path("/d/e"), PosixFilePermissions.fromString("---r-x---"));
        commit();
        begin();
        Files.setPosixFilePermissions(path("/d"), PosixFilePermissions.fromString("---------"));
        commit();
        var left = device.copy();

        files.settle();
        assertClosed();
        close();
        device = left;
        openFiles();
        assertClosed();
        assertWorks();
        disk.isOrdinary = false;
        assertThat(directory.resolve("d/e/in")).hasContent("in");
    }

    @Test
    void aDirectoryThatWasMadeWithATimeAndClosedSinceIsMadeAgain() throws Exception {
        disk.isOrdinary = true;
        begin();
        Files.createDirectory(path("/dated"));
        Files.writeString(path("/dated/in"), "in");
        Files.setLastModifiedTime(path("/dated"), FileTime.fromMillis(1_000));
        Files.setAttribute(path("/dated"), "user:x", new byte[] {1});
        commit();
        begin();
        Files.setPosixFilePermissions(path("/dated"), PosixFilePermissions.fromString("---------"));
        commit();
        var left = device.copy();
        // A power cut has left it as it was made, and its rights as they are.
        Files.setAttribute(directory.resolve("dated"), "user:x", new byte[] {0});
        restart(left);

        assertThat(Files.getPosixFilePermissions(directory.resolve("dated"))).isEmpty();
        assertThat(Files.getLastModifiedTime(directory.resolve("dated"))).isEqualTo(FileTime.fromMillis(1_000));
        assertThat(userAttribute("dated")).isEqualTo(new byte[] {1});
        assertWorks();
    }

    @Test
    void whatLiesBelowAClosedDirectoryKeepsNoFileOfTwoNamesFromBeingChanged() throws Exception {
        begin();
        Files.writeString(path("/d/in"), "in");
        Files.writeString(path("/f"), "one file");
        commit();
        Files.createLink(directory.resolve("g"), directory.resolve("f"));
        disk.isOrdinary = true;
        begin();
        Files.setPosixFilePermissions(path("/d"), PosixFilePermissions.fromString("---------"));
        commit();

        Files.setLastModifiedTime(path("/f"), FileTime.fromMillis(1_000));
        begin();
        Files.setLastModifiedTime(path("/g"), FileTime.fromMillis(2_000));
        commit();

        assertThat(Files.getLastModifiedTime(directory.resolve("f"))).isEqualTo(FileTime.fromMillis(2_000));
        assertWorks();
    }

    @Test
    void theRightsOfTheRootAreSet() throws Exception {
        begin();
        Files.setPosixFilePermissions(path("/"), PosixFilePermissions.fromString("rwxr-x---"));
        commit();

        assertThat(Files.getPosixFilePermissions(directory)).isEqualTo(PosixFilePermissions.fromString("rwxr-x---"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        // It was not durable yet.
        restart(device.copy());
        assertThat(Files.getPosixFilePermissions(directory)).isEqualTo(PosixFilePermissions.fromString("rwxr-x---"));
        assertWorks();
    }

    @Test
    void aDirectoryThatIsDeletedAndMadeAgainHasTheRightsOfANewOne() throws Exception {
        var usual = Files.getPosixFilePermissions(directory.resolve("d"));
        Files.setPosixFilePermissions(path("/d"), PosixFilePermissions.fromString("rwxrwxrwx"));
        begin();
        Files.delete(path("/d"));
        Files.createDirectory(path("/d"));
        Files.writeString(path("/d/in"), "in");
        commit();

        assertThat(Files.getPosixFilePermissions(directory.resolve("d"))).isEqualTo(usual);
        assertThat(directory.resolve("d/in")).hasContent("in");
    }

    private void assertClosed() throws IOException {
        assertThat(Files.getPosixFilePermissions(directory.resolve("d"))).isEmpty();
        assertThat(Files.getPosixFilePermissions(directory.resolve("d/e")))
                .isEqualTo(PosixFilePermissions.fromString("---r-x---"));
    }
}
