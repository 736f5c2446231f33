package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.ArrayList;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories that stay open are those that have their names. */
class SafeDirectoriesTest {

    private static final int MANY = 200;

    @TempDir
    Path directory;

    private Path root;
    private SafeDirectories directories;

    @BeforeEach
    void make() throws Exception {
        root = Files.createDirectory(directory.resolve("root"));
        Assumptions.assumeTrue(SafeDirectories.areSupported(root), "the system has no directories to work in");
        directories = new SafeDirectories(root);
    }

    @AfterEach
    void close() throws Exception {
        directories.close();
    }

    private Path made(String name, String content) throws IOException {
        var made = Files.createDirectories(root.resolve(name));
        Files.writeString(made.resolve("x"), content);
        return made;
    }

    private String read(String name) throws IOException {
        return directories.in(name, opened -> {
            try (SeekableByteChannel channel = opened.newByteChannel(Path.of("x"), Set.of(StandardOpenOption.READ))) {
                var bytes = ByteBuffer.allocate((int) channel.size());
                channel.read(bytes);
                return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
            }
        });
    }

    @Test
    void anotherDirectoryOfTheNameIsFoundAtOnce() throws Exception {
        var first = made("a/b", "first");
        assertThat(read("a/b")).isEqualTo("first");

        Files.move(first, root.resolve("a/c"));
        made("a/b", "second");
        assertThat(read("a/b")).isEqualTo("second");
        assertThat(read("a/c")).isEqualTo("first");

        Files.move(root.resolve("a"), root.resolve("z"));
        made("a/b", "third");
        assertThat(read("a/b")).isEqualTo("third");
    }

    @Test
    void aLinkIsNotFollowedEvenToTheDirectoryThatWasThere() throws Exception {
        made("a/b", "inside");
        assertThat(read("a/b")).isEqualTo("inside");

        Files.move(root.resolve("a"), directory.resolve("outside"));
        Files.createSymbolicLink(root.resolve("a"), directory.resolve("outside"));
        assertThatThrownBy(() -> read("a/b")).isInstanceOf(FileSystemException.class);

        Files.delete(root.resolve("a"));
        assertThatThrownBy(() -> read("a/b")).isInstanceOf(NoSuchFileException.class);

        Files.move(directory.resolve("outside"), root.resolve("a"));
        assertThat(read("a/b")).isEqualTo("inside");
    }

    @Test
    void entriesAreListedAsOftenAsTheyAreAskedFor() throws Exception {
        made("a", "inside");
        for (int i = 0; i < 3; i++) {
            assertThat(read("a")).isEqualTo("inside");
            var names = directories.<Integer>inNew("a", opened -> {
                int count = 0;
                for (var each : opened) {
                    assertThat(each.getFileName()).hasToString("x");
                    count++;
                }
                return count;
            });
            assertThat(names).isOne();
        }
    }

    private long openBelowTheRoot() throws IOException {
        var descriptors = Path.of("/proc/self/fd");
        Assumptions.assumeTrue(Files.isDirectory(descriptors), "the system does not tell what is open");
        long count = 0;
        try (var all = Files.newDirectoryStream(descriptors)) {
            for (var each : all) {
                try {
                    if (Files.readSymbolicLink(each).startsWith(root.toRealPath())) {
                        count++;
                    }
                } catch (NoSuchFileException e) {
                    // Closed meanwhile.
                }
            }
        }
        return count;
    }

    /** They are more than fit into the log, and would be more than a process may have open. */
    @Test
    void aTransactionOfManyFilesHasNoneOfThemOpen() throws Exception {
        int files = 700;
        var content = new byte[Content.MOST_MEMORY_BYTES];
        try (var fixture = new Fixture(directory)) {
            fixture.begin();
            for (int i = 0; i < files; i++) {
                Files.write(fixture.path("f" + i), content);
            }
            var most = new long[1];
            var later = (XAResource) Proxy.newProxyInstance(
                    XAResource.class.getClassLoader(),
                    new Class<?>[] {XAResource.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("prepare")) {
                            most[0] = openBelowTheRoot();
                            return XAResource.XA_RDONLY;
                        }
                        return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
                    });
            assertThat(fixture.ktm.transactionManager().getTransaction().enlistResource(later))
                    .isTrue();
            fixture.commit();
            assertThat(most[0]).isBetween(1L, 20L);
            try (var all = Files.list(root)) {
                assertThat(all.filter(Files::isRegularFile)).hasSize(files);
            }
        }
    }

    @Test
    void onlySoManyStayOpenWhoeverUsesThemAndNoneOnceAllIsClosed() throws Exception {
        for (int i = 0; i < MANY; i++) {
            made("d" + i + "/e", "" + i);
        }
        var tasks = new ArrayList<Callable<Boolean>>();
        for (int thread = 0; thread < 4; thread++) {
            var random = new SplittableRandom(thread);
            tasks.add(() -> {
                for (int turn = 0; turn < 2000; turn++) {
                    int which = random.nextInt(MANY);
                    assertThat(read("d" + which + "/e")).isEqualTo("" + which);
                }
                return true;
            });
        }
        var threads = Executors.newFixedThreadPool(tasks.size());
        try {
            for (var done : threads.invokeAll(tasks)) {
                assertThat(done.get()).isTrue();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(openBelowTheRoot()).isBetween(100L, 150L);

        directories.in("d1/e", opened -> {
            directories.close();
            return assertThat(opened.getFileAttributeView(BasicFileAttributeView.class)
                            .readAttributes()
                            .isDirectory())
                    .isTrue();
        });

        assertThat(openBelowTheRoot()).isZero();
    }
}
