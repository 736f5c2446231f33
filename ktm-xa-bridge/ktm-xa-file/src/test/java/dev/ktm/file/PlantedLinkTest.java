package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Somebody exchanges a directory for a link that leads out of the root, at the worst moment. */
class PlantedLinkTest {

    private static final Set<PosixFilePermission> OWN = Set.of(PosixFilePermission.OWNER_READ);
    private static final Set<StandardOpenOption> WRITE =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);

    @TempDir
    Path directory;

    private Path root;
    private Path outside;
    private int exchanges;
    private RealDisk disk;

    @BeforeEach
    void make() throws Exception {
        root = Files.createDirectory(directory.resolve("root"));
        outside = Files.createDirectory(directory.resolve("outside"));
        Files.createDirectories(root.resolve(WorkArea.WORK));
        Files.createDirectory(root.resolve("d"));
        Files.writeString(root.resolve("d/x"), "inside");
        Files.writeString(root.resolve(WorkArea.WORK + "/w"), "work");
        Files.writeString(outside.resolve("x"), "untouched");
        Files.setPosixFilePermissions(outside.resolve("x"), OWN);
        Assumptions.assumeTrue(SafeDirectories.areSupported(root), "the system has no directories to work in");
        disk = new RealDisk(root, new Exchanged());
    }

    @AfterEach
    void close() throws Exception {
        disk.close();
    }

    /** Exchanges the directory as soon as it has been opened, and puts it back when the work in it is done. */
    private final class Exchanged extends SafeDirectories {
        private boolean isExchanged;

        Exchanged() {
            super(root);
        }

        @Override
        <T> T in(String name, Action<T> action) throws IOException {
            return super.in(name, opened -> exchanged(name, opened, action));
        }

        @Override
        <T> T inNew(String name, Action<T> action) throws IOException {
            return super.inNew(name, opened -> exchanged(name, opened, action));
        }

        private <T> T exchanged(String name, SecureDirectoryStream<Path> opened, Action<T> action) throws IOException {
            if (!name.equals("d") || isExchanged) {
                return action.in(opened);
            }
            exchange();
            try {
                return action.in(opened);
            } finally {
                restore();
            }
        }

        private void exchange() throws IOException {
            Files.move(root.resolve("d"), root.resolve("aside"));
            Files.createSymbolicLink(root.resolve("d"), outside);
            isExchanged = true;
            exchanges++;
        }

        private void restore() throws IOException {
            Files.delete(root.resolve("d"));
            Files.move(root.resolve("aside"), root.resolve("d"));
            isExchanged = false;
        }
    }

    private interface Step {
        void take(Disk disk) throws IOException;
    }

    /** A step, and what is below the root after it. */
    private record Case(String what, Step step, String expected) {
        @Override
        public String toString() {
            return what;
        }
    }

    private static void write(Disk disk, String name) throws IOException {
        try (var file = disk.open(name, WRITE)) {
            file.write(ByteBuffer.wrap(new byte[] {'n', 'e', 'w'}), 0);
        }
    }

    private static void read(Disk disk, String name) throws IOException {
        try (var file = disk.open(name, Set.of(StandardOpenOption.READ))) {
            assertThat(file.size()).isEqualTo("inside".length());
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case("reads", disk -> read(disk, "d/x"), "{d=/, d/x=inside}"),
                new Case("lists", disk -> assertThat(disk.list("d")).containsExactly("x"), "{d=/, d/x=inside}"),
                new Case("writes", disk -> write(disk, "d/x"), "{d=/, d/x=new}"),
                new Case("creates", disk -> write(disk, "d/y"), "{d=/, d/x=inside, d/y=new}"),
                new Case("deletes", disk -> disk.delete("d/x"), "{d=/}"),
                new Case("moves in", disk -> disk.rename(WorkArea.WORK + "/w", "d/x"), "{d=/, d/x=work}"),
                new Case("moves out", disk -> disk.rename("d/x", "x"), "{d=/, x=inside}"),
                new Case("moves within", disk -> disk.rename("d/x", "d/y"), "{d=/, d/y=inside}"),
                new Case("makes a directory", disk -> disk.createDirectory("d/y"), "{d=/, d/x=inside, d/y=/}"),
                new Case("makes a link", disk -> disk.createLink("d/y", "x"), "{d=/, d/x=inside, d/y=-> x}"),
                new Case("adds a name", disk -> disk.addName("d/x", "d/y"), "{d=/, d/x=inside, d/y=inside}"),
                new Case(
                        "gives rights",
                        disk -> disk.setAttribute(
                                "d/x",
                                "posix:permissions",
                                Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE)),
                        "{d=/, d/x=inside}"));
    }

    private void assertOutsideIsUntouched() throws Exception {
        assertThat(Fixture.tree(outside)).hasToString("{x=untouched}");
        assertThat(Files.getPosixFilePermissions(outside.resolve("x"))).isEqualTo(OWN);
        assertThat(Files.getAttribute(outside.resolve("x"), "unix:nlink")).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatIsDoneIsDoneInTheDirectoryThatWasMeant(Case each) throws Exception {
        each.step().take(disk);

        assertThat(exchanges).isPositive();
        assertThat(new TreeMap<>(Fixture.tree(root))).hasToString(each.expected());
        assertOutsideIsUntouched();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void nothingIsDoneBehindALinkThatIsThereAlready(Case each) throws Exception {
        Files.move(root.resolve("d"), root.resolve("aside"));
        Files.createSymbolicLink(root.resolve("d"), outside);

        assertThatThrownBy(() -> each.step().take(disk)).isInstanceOf(FileSystemException.class);

        assertThat(exchanges).isZero();
        assertOutsideIsUntouched();
    }
}
