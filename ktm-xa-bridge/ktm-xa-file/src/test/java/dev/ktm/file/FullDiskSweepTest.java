package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import jakarta.transaction.RollbackException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that is full from each operation of a transaction on that could need room, for a while. */
@Tag("slow")
@Timeout(300)
class FullDiskSweepTest {

    private static final int FEWEST_OPERATIONS = 30;

    /** Refuses whatever needs room, from one such operation on, some times. */
    private static final class Filling extends ForwardingDisk {

        private final AtomicInteger seen = new AtomicInteger();
        private volatile int first = Integer.MAX_VALUE;
        private volatile int refusals;
        private volatile boolean silent;

        Filling(Disk disk) {
            super(disk);
        }

        void fill(int from, int times) {
            seen.set(0);
            refusals = times;
            first = from;
        }

        void empty() {
            first = Integer.MAX_VALUE;
        }

        private void requireRoom() throws IOException {
            if (isFull() && !silent) {
                throw noSpace();
            }
        }

        private static IOException noSpace() {
            return new IOException("No space left on device");
        }

        private boolean isFull() {
            int number = seen.incrementAndGet();
            return number >= first && number - first < refusals;
        }

        @Override
        public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
            if (options.contains(StandardOpenOption.CREATE_NEW) || options.contains(StandardOpenOption.CREATE)) {
                requireRoom();
            }
            return new FillingFile(super.open(name, options));
        }

        @Override
        public DiskFile openAsOwner(String name) throws IOException {
            return new FillingFile(super.openAsOwner(name));
        }

        @Override
        public void createDirectory(String name) throws IOException {
            requireRoom();
            super.createDirectory(name);
        }

        @Override
        public void createLink(String name, String target) throws IOException {
            requireRoom();
            super.createLink(name, target);
        }

        @Override
        public void addName(String existing, String added) throws IOException {
            requireRoom();
            super.addName(existing, added);
        }

        @Override
        public void rename(String from, String to) throws IOException {
            requireRoom();
            super.rename(from, to);
        }

        @Override
        public void setAttribute(String name, String attribute, Object value) throws IOException {
            requireRoom();
            super.setAttribute(name, attribute, value);
        }

        private final class FillingFile extends ForwardingFile {

            FillingFile(DiskFile file) {
                super(file);
            }

            @Override
            public void write(ByteBuffer source, long position) throws IOException {
                boolean full = isFull();
                if (full && !silent) {
                    throw noSpace();
                }
                if (!full) {
                    super.write(source, position);
                }
            }

            @Override
            public void resize(long size) throws IOException {
                requireRoom();
                super.resize(size);
            }

            @Override
            public void force() throws IOException {
                requireRoom();
                super.force();
            }
        }
    }

    /** A coordinator, and one root on a disk that fills. */
    private static final class Machine implements AutoCloseable {

        final SimulatedTree tree = new SimulatedTree(count -> {});
        final Filling disk = new Filling(tree);
        private final Ktm ktm;
        private final TransactedFiles files;

        Machine() throws Exception {
            this.ktm = Ktm.open(KtmOptions.builder()
                    .device(new SimulatedDevice())
                    .recoveryInterval(Duration.ofHours(1))
                    .build());
            this.files = TransactedFiles.open(
                    ktm, "test", () -> {}, ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
            Files.createDirectory(path("/d"));
            Files.writeString(path("/d/old"), "old");
            Files.writeString(path("/replaced"), "old");
            Files.writeString(path("/deleted"), "old");
            Files.writeString(path("/large"), "L".repeat(100_000));
            Files.writeString(path("/linked"), "linked");
            Files.writeString(path("/one"), "one");
            Files.createLink(path("/two"), path("/one"));
        }

        private Path path(String name) {
            return files.fileSystem().getPath(name);
        }

        /** One of everything that a transaction can do to a tree. */
        private void work() throws IOException {
            Files.createDirectory(path("/e"));
            Files.writeString(path("/e/small"), "new");
            Files.writeString(path("/e/large"), "N".repeat(200_000));
            Files.writeString(path("/replaced"), "new");
            Files.writeString(path("/large"), "tail", StandardOpenOption.APPEND);
            Files.delete(path("/deleted"));
            Files.move(path("/d/old"), path("/e/moved"), StandardCopyOption.ATOMIC_MOVE);
            Files.createSymbolicLink(path("/link"), path("/replaced"));
            Files.createLink(path("/three"), path("/linked"));
            Files.writeString(path("/one"), "both");
        }

        /** Returns whether it is committed; if not, that nothing of it is there. */
        boolean isCommitted() throws Exception {
            ktm.transactionManager().begin();
            try {
                work();
            } catch (IOException e) {
                assertThat(e).hasStackTraceContaining("No space left on device");
                ktm.transactionManager().rollback();
                return false;
            }
            try {
                ktm.transactionManager().commit();
                return true;
            } catch (RollbackException e) {
                assertThat(e).hasStackTraceContaining("No space left on device");
                return false;
            }
        }

        @Override
        public void close() {
            disk.empty();
            files.close();
            ktm.close();
        }
    }

    private static Map<String, String> wanted() throws Exception {
        try (var machine = new Machine()) {
            assertThat(machine.isCommitted()).isTrue();
            return machine.tree.tree();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whereverItIsFullAllIsThereOrNothingAndWithRoomAgainItGoesOn(int refusals) throws Exception {
        var wanted = wanted();
        int operation = 0;
        int refused = 0;
        boolean reached = true;
        while (reached) {
            operation++;
            try (var machine = new Machine()) {
                var before = machine.tree.tree();
                machine.disk.fill(operation, refusals);
                boolean committed = machine.isCommitted();
                reached = machine.disk.seen.get() >= operation;
                machine.disk.empty();

                assertThat(machine.tree.tree())
                        .as("full from operation %d on", operation)
                        .isEqualTo(committed ? wanted : before);
                assertThat(machine.tree.setAside()).isEmpty();
                if (!committed) {
                    refused++;
                    assertThat(machine.tree.working())
                            .as("left of operation %d", operation)
                            .isZero();
                    assertThat(machine.isCommitted()).isTrue();
                    assertThat(machine.tree.tree()).isEqualTo(wanted);
                }
            }
        }
        assertThat(operation).isGreaterThan(FEWEST_OPERATIONS);
        assertThat(refused).isPositive().isLessThan(operation);
    }

    /** What this would find: a disk, or a manager, that loses what it has no room for and says nothing. */
    @Test
    void whatIsLostWithoutAWordIsFound() throws Exception {
        var wanted = wanted();
        int wrong = 0;
        for (int operation = 1; operation < FEWEST_OPERATIONS; operation++) {
            try (var machine = new Machine()) {
                machine.disk.silent = true;
                machine.disk.fill(operation, 1);
                if (machine.isCommitted() && !machine.tree.tree().equals(wanted)) {
                    wrong++;
                }
            }
        }
        assertThat(wrong).isPositive();
    }
}
