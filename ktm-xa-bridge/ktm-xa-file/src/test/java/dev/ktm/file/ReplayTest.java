package dev.ktm.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.file.Disk.Kind;
import dev.ktm.file.Step.Delete;
import dev.ktm.file.Step.MakeDirectory;
import dev.ktm.file.Step.Move;
import dev.ktm.file.Step.Put;
import dev.ktm.file.Step.SetAttributes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a restart does again: with what was set after it was written; and if the log still has a transaction with a move together with
 * others about the same names, because others were committing when it was settled.
 */
class ReplayTest {

    private static final Set<StandardOpenOption> READ = Set.of(StandardOpenOption.READ);
    private static final Set<StandardOpenOption> NEW = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

    private static final FileTime TIME = FileTime.fromMillis(7);

    private final SimulatedTree disk = new SimulatedTree(operations -> {});
    private final Replay replay = new Replay();

    @BeforeEach
    void makeWorkArea() throws IOException {
        for (var directory : List.of(WorkArea.HIDDEN, WorkArea.WORK, WorkArea.ASIDE)) {
            disk.createDirectory(directory);
        }
    }

    private Seen make(String name, String content) throws IOException {
        try (var file = disk.open(name, NEW)) {
            file.write(ByteBuffer.wrap(content.getBytes(UTF_8)), 0);
        }
        return Seen.of(disk, name, disk.stat(name).orElseThrow());
    }

    private String read(String name) throws IOException {
        try (var file = disk.open(name, READ)) {
            var bytes = ByteBuffer.allocate(100);
            int length = Math.max(0, file.read(bytes, 0));
            return new String(bytes.array(), 0, length, UTF_8);
        }
    }

    private static Put put(String name, String key, String content) {
        var bytes = content.getBytes(UTF_8);
        var made = new Seen(Kind.FILE, key, bytes.length, TIME.toMillis() * 1_000_000, "");
        return new Put(
                name,
                Optional.empty(),
                WorkArea.WORK + "/" + key,
                made,
                Optional.of(bytes),
                Map.of("basic:lastModifiedTime", TIME));
    }

    private static Move move(String from, String to, Seen moved) {
        return new Move(from, to, moved, Optional.empty());
    }

    private void run() throws IOException {
        replay.run(new Applier(disk, new WorkArea(disk), Applier.When.AGAIN));
    }

    @Test
    void whatIsDeletedAfterAMoveStaysDeleted() throws IOException {
        var moved = make("new", "moved");
        replay.committed(List.of(move("old", "new", moved), put("beside", "gone", "beside")));
        replay.committed(
                List.of(new Delete("beside", put("beside", "gone", "beside").made())));
        run();

        assertThat(disk.stat("beside")).isEmpty();
        assertThat(read("new")).isEqualTo("moved");
    }

    @Test
    void whatWasWrittenBeforeAMoveIsNotPutOverWhatWasWrittenWithIt() throws IOException {
        var moved = make("new", "moved");
        make("beside", "second");
        replay.committed(List.of(put("beside", "first", "first")));
        replay.committed(List.of(move("old", "new", moved), put("beside", "second", "second")));
        run();

        assertThat(read("beside")).isEqualTo("second");
    }

    @Test
    void whatIsMovedOnIsNotLookedForWhereItWas() throws IOException {
        var moved = make("third", "moved");
        replay.committed(List.of(move("first", "second", moved)));
        replay.committed(List.of(move("second", "third", moved)));
        run();

        assertThat(read("third")).isEqualTo("moved");
        assertThat(disk.stat("second")).isEmpty();
    }

    @Test
    void whatIsWrittenElsewhereAfterAMoveDoesNotHaveTheMoveForgotten() throws IOException {
        var moved = make("first", "moved");
        replay.committed(List.of(move("first", "second", moved)));
        replay.committed(List.of(put("elsewhere", "key", "content")));
        run();

        assertThat(read("second")).isEqualTo("moved");
        assertThat(read("elsewhere")).isEqualTo("content");
    }

    private int mode(String name) throws IOException {
        return disk.stat(name).orElseThrow().owned().orElseThrow().mode();
    }

    @Test
    void whatIsPermittedAfterItWasWrittenIsPermittedOnceMore() throws IOException {
        var written = put("secret", "its first key", "content");
        replay.committed(List.of(written));
        replay.committed(List.of(new SetAttributes("secret", written.made(), Map.of("unix:mode", 0600))));
        replay.committed(List.of(new MakeDirectory("d", Map.of())));
        replay.committed(List.of(new SetAttributes("d", Seen.directory(), Map.of("unix:mode", 0700))));
        run();

        assertThat(read("secret")).isEqualTo("content");
        assertThat(mode("secret")).isEqualTo(0600);
        assertThat(mode("d")).isEqualTo(0700);
    }

    @Test
    void ofRightsThatAreSetInSeveralWaysTheLastHold() throws IOException {
        var seen = make("f", "content");
        var first = PosixFilePermissions.fromString("rwx------");
        var last = PosixFilePermissions.fromString("rw-------");
        replay.committed(List.of(new SetAttributes("f", seen, Map.of("posix:permissions", first))));
        replay.committed(List.of(new SetAttributes("f", seen, Map.of("unix:mode", 0644))));
        replay.committed(List.of(new SetAttributes("f", seen, Map.of("posix:permissions", last))));
        run();

        assertThat(mode("f")).isEqualTo(0600);
    }

    @Test
    void whatIsWrittenAfterItWasPermittedIsNotPermittedOnceMore() throws IOException {
        var written = put("f", "its first key", "content");
        replay.committed(List.of(written));
        replay.committed(List.of(new SetAttributes("f", written.made(), Map.of("unix:mode", 0600))));
        replay.committed(List.of(put("f", "its second key", "more")));
        run();

        assertThat(mode("f")).isEqualTo(0644);
    }

    @Test
    void whatARestartHasMadeOnceMoreIsKnownToWhatIsInDoubtAboutIt() throws IOException {
        var written = put("deleted", "its first key", "content");
        replay.committed(List.of(written, put("permitted", "its first key", "content")));
        run();

        new Applier(disk, new WorkArea(disk), Applier.When.AFTER_RESTART)
                .run(List.of(
                        new Delete("deleted", written.made()),
                        new SetAttributes("permitted", written.made(), Map.of("unix:mode", 0600))));

        assertThat(disk.stat("deleted")).isEmpty();
        assertThat(mode("permitted")).isEqualTo(0600);
        assertThat(disk.setAside()).isEmpty();
    }

    @Test
    void whatWasThereBeforeIsNobodyElses() throws IOException {
        var before = make("f", "what was there before");
        var work = WorkArea.WORK + "/f";
        var made = put("f", "key", "new").made();
        replay.committed(
                List.of(new Put("f", Optional.of(before), work, made, Optional.of("new".getBytes(UTF_8)), Map.of())));
        run();

        assertThat(read("f")).isEqualTo("new");
        assertThat(disk.setAside()).isEmpty();
    }

    @Test
    void whatSomebodyElseHasPutThereIsPutAside() throws IOException {
        make("f", "somebody else's, and longer");
        replay.committed(List.of(put("f", "key", "new")));
        run();

        assertThat(read("f")).isEqualTo("new");
        assertThat(disk.setAside()).hasSize(1);
    }

    @Test
    void whatIsToldOnceMoreToBeDecidedIsNotTakenForSomebodyElses() throws IOException {
        var root = new ManagedRoot(ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
        root.prepareDirectories();
        var steps = List.<Step>of(put("f", "key", "content"));
        var work = root.prepared(new UUID(1, 1), List.of(StepFormat.encode(steps)));
        work.decided();
        root.restored();
        // The log had no room for the end.
        work.decided();
        work.apply(1);
        work.finished(1);

        assertThat(read("f")).isEqualTo("content");
        assertThat(disk.setAside()).isEmpty();
    }

    @Test
    void aDirectoryThatIsMadeAgainHasNothingOfTheOneThatWasDeleted() throws IOException {
        disk.createDirectory("d");
        disk.setAttribute("d", "unix:mode", 0777);
        var inside = make("d/x", "content");
        replay.committed(List.of(new Delete("d/x", inside)));
        replay.committed(
                List.of(new Delete("d", Seen.of(disk, "d", disk.stat("d").orElseThrow()))));
        replay.committed(List.of(new MakeDirectory("d", Map.of())));
        run();

        assertThat(disk.list("d")).isEmpty();
        assertThat(mode("d")).isEqualTo(0755);
    }

    @Test
    void theRightsOfAFileWithTwoNamesAreThoseThatWereSetLast() throws IOException {
        var seen = make("a", "content");
        disk.createDirectory("d");
        disk.addName("a", "d/b");
        replay.committed(List.of(new SetAttributes("a", seen, Map.of("unix:mode", 0600))));
        replay.committed(List.of(new SetAttributes("d/b", seen, Map.of("unix:mode", 0644))));
        run();
        assertThat(mode("a")).isEqualTo(0644);

        replay.clear();
        replay.committed(List.of(new SetAttributes("a", seen, Map.of("unix:mode", 0600))));
        replay.committed(List.of(new SetAttributes("d/b", seen, Map.of("unix:mode", 0644))));
        replay.committed(List.of(new SetAttributes("a", seen, Map.of("unix:mode", 0640))));
        run();
        assertThat(mode("a")).isEqualTo(0640);
    }

    @Test
    void whatIsInDoubtIsLockedUnderAllItsNames() throws IOException {
        var root = new ManagedRoot(ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
        root.prepareDirectories();
        var seen = make("a", "content");
        disk.addName("a", "b");
        var step = new SetAttributes("a", seen, Map.of("unix:mode", 0600));
        root.prepared(new UUID(1, 1), List.of(StepFormat.encode(List.of(step))));

        assertThatThrownBy(() -> root.locks().requireFree(FileLocks.allNames(seen.key()), false))
                .isInstanceOf(TxfException.class);
    }

    /** A restart makes small files once more, and the next file may get the number that one of them had. */
    @Test
    void whatIsInDoubtAboutTwoFilesThatHadOneKeyAfterTheOtherIsTakenUp() throws IOException {
        var root = new ManagedRoot(ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
        root.prepareDirectories();
        var seen = make("a", "content");
        make("c", "other");

        root.prepared(
                new UUID(1, 1),
                List.of(StepFormat.encode(List.of(new SetAttributes("a", seen, Map.of("unix:mode", 0600))))));
        root.prepared(new UUID(1, 2), List.of(StepFormat.encode(List.of(new Delete("c", seen)))));

        assertThatThrownBy(() -> root.locks().requireFree("a", false)).isInstanceOf(TxfException.class);
        assertThatThrownBy(() -> root.locks().requireFree("c", false)).isInstanceOf(TxfException.class);
    }

    @Test
    void theRootIsNotFreeWhileSomethingInItIsChanged() throws IOException {
        var root = new ManagedRoot(ManagedRoot.Surroundings.real(disk), FileOptions.defaults());
        root.locks().requireFree("", true);
        root.locks().change("a", new UUID(1, 1), false, true);

        assertThatThrownBy(() -> root.locks().requireFree("", true)).isInstanceOf(TxfException.class);
    }
}
