package dev.ktm.file;

import dev.ktm.redo.RedoResourceManager;
import dev.ktm.redo.RedoStore;
import dev.ktm.redo.RedoWork;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.ManagerHandle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** Makes a root usable again whose records of transactions are damaged: throws them away, and says what is lost. */
final class Reset {

    private final Disk disk;
    private final WorkArea area;

    Reset(Disk disk) {
        this.disk = disk;
        this.area = new WorkArea(disk);
    }

    void run(ManagerHandle manager, String name, Exception why) throws IOException, KtmException {
        var lost = new Lost();
        RedoResourceManager.discard(manager, TransactedFiles.KIND, name, lost);
        keepAside(WorkArea.ASIDE, WorkArea.HIDDEN, true);
        makeDirectory(WorkArea.ASIDE);
        // Contents that were to be moved to their places are in there.
        keepAside(WorkArea.WORK, WorkArea.ASIDE, false);
        keepAside(SettingsFile.NAME, WorkArea.ASIDE, false);
        System.getLogger(Reset.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "the records of " + name + " were damaged and have been thrown away: " + lost
                                + "; what lay in the work area is in " + WorkArea.ASIDE,
                        why);
    }

    private void keepAside(String what, String where, boolean unlessDirectory) throws IOException {
        var there = disk.stat(what);
        if (there.isPresent() && !(unlessDirectory && there.get().isDirectory())) {
            disk.rename(what, where + "/" + Names.last(area.newName()) + "-" + Names.last(what));
        }
    }

    private void makeDirectory(String name) throws IOException {
        try {
            disk.createDirectory(name);
        } catch (FileAlreadyExistsException e) {
            // It is one.
        }
    }

    /** Is shown what is thrown away, and remembers it. */
    private static final class Lost implements RedoStore {
        private final Set<String> names = new TreeSet<>();
        private final Set<UUID> inDoubt = new TreeSet<>();
        private int unreadable;

        private void add(List<ByteBuffer> redo) {
            try {
                StepFormat.decode(redo).forEach(step -> names.add(step.name()));
            } catch (IOException | RuntimeException e) {
                unreadable++;
            }
        }

        @Override
        public void restore(ByteBuffer checkpoint) {
            // Nothing is in there.
        }

        @Override
        public void redo(long lsn, List<ByteBuffer> redo) {
            add(redo);
        }

        @Override
        public void note(long lsn, ByteBuffer note) {
            // A note says that something is in its place.
        }

        @Override
        public RedoWork prepared(UUID unitOfWork, List<ByteBuffer> redo) {
            inDoubt.add(unitOfWork);
            add(redo);
            return new Nothing();
        }

        @Override
        public void restored() {
            // Nothing follows.
        }

        @Override
        public void tidy() {
            // Nothing is kept.
        }

        @Override
        public String toString() {
            return "changes of " + names + " may be missing, the transactions " + inDoubt + " were in doubt, and " + unreadable
                    + " could not be read";
        }
    }

    /** A transaction that nobody will hear of again. */
    private static final class Nothing implements RedoWork {
        @Override
        public boolean hasChanges() {
            return false;
        }

        @Override
        public List<ByteBuffer> prepare() {
            return List.of();
        }

        @Override
        public void committed(long lsn) {
            // It has gone.
        }

        @Override
        public void rolledBack() {
            // It has gone.
        }
    }
}
