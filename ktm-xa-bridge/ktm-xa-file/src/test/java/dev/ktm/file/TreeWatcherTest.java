package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.Until;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What watchers see, and when they see nothing any more. */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TreeWatcherTest {

    @TempDir
    Path directory;

    private Fixture fixture;
    private WatchService watcher;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old");
        watcher = fixture.files.fileSystem().newWatchService();
    }

    @AfterEach
    void close() throws Exception {
        watcher.close();
        fixture.close();
    }

    private WatchKey watch() throws Exception {
        return fixture.path("/")
                .register(
                        watcher,
                        StandardWatchEventKinds.ENTRY_CREATE,
                        StandardWatchEventKinds.ENTRY_DELETE,
                        StandardWatchEventKinds.ENTRY_MODIFY);
    }

    private List<String> seen() {
        var key = Objects.requireNonNull(watcher.poll(), "expected a signal, found none");
        var events = key.pollEvents().stream()
                .map(event -> event.kind() + " " + event.context())
                .toList();
        key.reset();
        return events;
    }

    @Test
    @Conforms("TXF-OP-23")
    void whoeverIsInNoTransactionSeesWhatOthersCommit() throws Exception {
        var key = watch();
        fixture.begin();
        Files.writeString(fixture.path("/x"), "x");
        assertThat(watcher.poll()).isNull();
        fixture.commit();
        assertThat(seen()).containsExactly("ENTRY_CREATE x");

        fixture.begin();
        Files.delete(fixture.path("/x"));
        fixture.commit();
        assertThat(seen()).containsExactly("ENTRY_DELETE x");
        assertThat(key.isValid()).isTrue();
    }

    @Test
    @Conforms("TXF-OP-23")
    void aTransactionSeesItsOwnChangesUntilItEnds() throws Exception {
        fixture.begin();
        var key = watch();
        Files.createDirectory(fixture.path("/d"));
        assertThat(seen()).containsExactly("ENTRY_CREATE d");
        try (var channel = FileChannel.open(fixture.path("/a"), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(100));
            assertThat(seen()).containsExactly("ENTRY_MODIFY a");
        }
        Files.move(fixture.path("/a"), fixture.path("/b"));
        assertThat(seen()).containsExactlyInAnyOrder("ENTRY_DELETE a", "ENTRY_CREATE b");
        Files.delete(fixture.path("/b"));
        assertThat(seen()).containsExactly("ENTRY_DELETE b");
        fixture.rollback();

        assertThat(watcher.poll()).isSameAs(key);
        assertThat(key.pollEvents()).isEmpty();
        assertThat(key.reset()).isFalse();
    }

    @Test
    void aTransactionSeesWhatAReturnToASavepointChanges() throws Exception {
        fixture.begin();
        watch();
        var savepoint = fixture.files.setSavepoint();
        Files.writeString(fixture.path("/x"), "x");
        assertThat(seen()).contains("ENTRY_CREATE x");
        savepoint.rollback();
        assertThat(seen()).containsExactly("ENTRY_DELETE x");
        fixture.commit();
    }

    @Test
    void aTransactionSeesWhatOthersCommit() throws Exception {
        fixture.begin();
        watch();
        var watching = fixture.suspend();
        fixture.begin();
        Files.writeString(fixture.path("/x"), "x");
        assertThat(watcher.poll()).isNull();
        fixture.commit();
        assertThat(seen()).containsExactly("ENTRY_CREATE x");
        fixture.resume(watching);
        fixture.commit();
    }

    @Test
    void aFileThatIsMadeOutsideOfTransactionsIsSeen() throws Exception {
        watch();
        Files.writeString(fixture.path("/x"), "x");

        assertThat(seen()).contains("ENTRY_CREATE x");
    }

    @Test
    void whoeverWaitsIsToldThatTheManagerIsClosed() throws Exception {
        var key = watch();
        var taken = new AtomicReference<WatchKey>();
        var waiting = new Thread(() -> {
            try {
                taken.set(watcher.take());
            } catch (InterruptedException e) {
                // The test fails.
            }
        });
        waiting.start();
        Until.holds(() -> waiting.getState() == Thread.State.WAITING);
        fixture.files.close();
        waiting.join();

        assertThat(taken.get()).isSameAs(key);
        assertThat(key.reset()).isFalse();
    }

    @Test
    void whoeverWaitsIsToldThatTheWatcherIsClosed() throws Exception {
        var failure = new AtomicReference<Exception>();
        var waiting = new Thread(() -> {
            try {
                watcher.take();
            } catch (Exception e) {
                failure.set(e);
            }
        });
        waiting.start();
        Until.holds(() -> waiting.getState() == Thread.State.WAITING);
        watcher.close();
        waiting.join();

        assertThat(failure.get()).isInstanceOf(ClosedWatchServiceException.class);
        assertThatThrownBy(watcher::poll).isInstanceOf(ClosedWatchServiceException.class);
    }
}
