package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever goes past the manager after the vote, or before a restart: what he has made is put aside, and a warning says so. */
class OutsideChangesTest {

    /** Notes warnings. */
    private static final class Warnings extends Handler {
        private final List<String> all = new ArrayList<>();

        @Override
        public synchronized void publish(LogRecord record) {
            if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                all.add(record.getMessage());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @TempDir
    Path directory;

    private final Logger logger = Logger.getLogger(ManagedRoot.class.getName());
    private final Warnings warnings = new Warnings();
    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        for (var each : List.of("replaced", "edited", "deleted", "linked")) {
            Files.writeString(fixture.plain("/" + each), "old");
        }
        Files.createLink(fixture.plain("/other name"), fixture.plain("/linked"));
        logger.addHandler(warnings);
    }

    @AfterEach
    void close() {
        logger.removeHandler(warnings);
        fixture.close();
    }

    /** Work of another transaction manager, up to its vote. */
    private void prepare() throws Exception {
        var resource = fixture.files.xaResource();
        resource.start(new ForeignXid(1), XAResource.TMNOFLAGS);
        for (var each : List.of("/made", "/replaced", "/edited", "/linked")) {
            Files.writeString(fixture.path(each), "committed");
        }
        Files.delete(fixture.path("/deleted"));
        Files.createDirectory(fixture.path("/d"));
        Files.move(fixture.path("/other name"), fixture.path("/moved"));
        resource.end(new ForeignXid(1), XAResource.TMSUCCESS);
        assertThat(resource.prepare(new ForeignXid(1))).isEqualTo(XAResource.XA_OK);
    }

    private void goPastTheManager() throws IOException {
        Files.writeString(fixture.real("made"), "outside: made");
        Files.writeString(fixture.real("d"), "outside: d");
        Files.writeString(fixture.real("moved"), "outside: moved");
        Files.writeString(fixture.real("edited"), "outside: edited");
        Files.writeString(fixture.real("deleted"), "outside: deleted");
        Files.writeString(fixture.real("linked"), "outside: linked");
        Files.writeString(fixture.real("temporary"), "outside: replaced");
        Files.move(fixture.real("temporary"), fixture.real("replaced"), StandardCopyOption.ATOMIC_MOVE);
    }

    private List<String> aside() throws IOException {
        var all = new ArrayList<String>();
        try (var list = Files.list(fixture.real(WorkArea.ASIDE))) {
            for (var each : (Iterable<Path>) list::iterator) {
                all.add(Files.readString(each));
            }
        }
        return all;
    }

    private void assertCommittedAndPutAside() throws Exception {
        assertThat(fixture.tree())
                .containsOnly(
                        entry("made", "committed"),
                        entry("replaced", "committed"),
                        entry("edited", "committed"),
                        entry("linked", "committed"),
                        entry("moved", "committed"),
                        entry("d", "/"));
        assertThat(aside())
                .containsExactlyInAnyOrder(
                        "outside: made",
                        "outside: replaced",
                        "outside: edited",
                        "outside: deleted",
                        "outside: linked",
                        "outside: moved",
                        "outside: d");
        assertThat(warnings.all).hasSize(7).allMatch(each -> each.contains("put aside"));
    }

    @Test
    void whatIsMadeBetweenVoteAndCommitIsPutAside() throws Exception {
        prepare();
        goPastTheManager();
        fixture.files.xaResource().commit(new ForeignXid(1), false);

        assertCommittedAndPutAside();
    }

    @Test
    void whatIsMadeWhileSomethingIsInDoubtOverARestartIsPutAside() throws Exception {
        prepare();
        fixture.reopen();
        goPastTheManager();
        fixture.reopen();
        fixture.files.xaResource().commit(new ForeignXid(1), false);

        assertCommittedAndPutAside();
    }

    @Test
    void nothingIsPutAsideIfNobodyGoesPastTheManager() throws Exception {
        prepare();
        fixture.reopen();
        fixture.files.xaResource().commit(new ForeignXid(1), false);

        assertThat(aside()).isEmpty();
        assertThat(warnings.all).isEmpty();
    }

    private void commit(String content) throws Exception {
        fixture.begin();
        Files.writeString(fixture.path("/edited"), content);
        fixture.commit();
    }

    /** The end of the process: nothing is closed in order. */
    private void crash() throws Exception {
        fixture.ktm.close();
        fixture.reopen();
    }

    @Test
    void whatIsEditedAfterACommitThatARestartDoesAgainIsPutAside() throws Exception {
        commit("committed");
        Files.writeString(fixture.real("edited"), "outside");
        crash();

        assertThat(fixture.real("edited")).hasContent("committed");
        assertThat(aside()).containsExactly("outside");
        assertThat(warnings.all).hasSize(1);
    }

    @Test
    void whatIsPutInThePlaceOfACommittedFileIsPutAside() throws Exception {
        // Its number may be that of a version that went before.
        for (int i = 0; i < 5; i++) {
            commit("committed " + i);
        }
        Files.writeString(fixture.real("temporary"), "outside");
        Files.move(fixture.real("temporary"), fixture.real("edited"), StandardCopyOption.ATOMIC_MOVE);
        crash();

        assertThat(fixture.real("edited")).hasContent("committed 4");
        assertThat(aside()).containsExactly("outside");
    }

    @Test
    void whatIsPutInThePlaceOfALargeCommittedFileStays() throws Exception {
        commit("c".repeat(100_000));
        Files.writeString(fixture.real("temporary"), "younger");
        Files.move(fixture.real("temporary"), fixture.real("edited"), StandardCopyOption.ATOMIC_MOVE);
        crash();

        assertThat(fixture.real("edited")).hasContent("younger");
        assertThat(warnings.all).hasSize(1).allMatch(each -> each.contains("edited"));
    }

    @Test
    void whatIsMadeAfterACommittedDeleteStays() throws Exception {
        fixture.begin();
        Files.delete(fixture.path("/deleted"));
        fixture.commit();
        Files.writeString(fixture.real("deleted"), "younger");
        crash();

        assertThat(fixture.real("deleted")).hasContent("younger");
        assertThat(aside()).isEmpty();
    }

    @Test
    void whatNobodyHasTouchedIsDoneAgainWithoutAWarning() throws Exception {
        for (int i = 0; i < 3; i++) {
            commit("committed " + i);
            crash();
        }

        assertThat(fixture.real("edited")).hasContent("committed 2");
        assertThat(aside()).isEmpty();
        assertThat(warnings.all).isEmpty();
    }
}
