package dev.ktm.file;

import dev.ktm.redo.RedoStore;
import dev.ktm.redo.RedoWork;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** What can be wrong with a file manager: a search through crash states that does not find it is worth nothing. */
enum Plant {
    /** The log's base moves on, and the files are not forced. */
    FORCES_NO_FILES_BEFORE_THE_BASE_MOVES,
    /** The same, of directories. */
    FORCES_NO_DIRECTORIES_BEFORE_THE_BASE_MOVES,
    /** A large file is not forced before the vote. */
    FORCES_NO_WORK_FILES,
    /** The name of a large file is not forced before the vote. */
    FORCES_NO_NAMES_OF_WORK_FILES,
    /** What was committed is not done again. */
    FORGETS_WHAT_WAS_COMMITTED,
    /** What was prepared and decided is not done. */
    IGNORES_DECISIONS,
    /** What was prepared is done, whatever was decided. */
    ASSUMES_DECISIONS,
    /** The last step of a commit is not done again. */
    FORGETS_THE_LAST_STEP,
    /** Attributes that are set later than the content was written are not set again. */
    FORGETS_ATTRIBUTES,
    /** Each commit is done again for itself, whatever came later. */
    REPLAYS_WITHOUT_MERGING,
    /** What a power cut has left in the work area is taken for what was written. */
    TRUSTS_THE_WORK_AREA,
    /** What is left over in the work area stays. */
    LEAVES_WORK_FILES;

    /** A disk on which something is not done. */
    Disk disk(Disk disk) {
        return switch (this) {
            case FORCES_NO_FILES_BEFORE_THE_BASE_MOVES,
                    FORCES_NO_DIRECTORIES_BEFORE_THE_BASE_MOVES,
                    FORCES_NO_WORK_FILES,
                    FORCES_NO_NAMES_OF_WORK_FILES,
                    LEAVES_WORK_FILES -> new Wrong(disk);
            default -> disk;
        };
    }

    /** A root that gets something wrong when the log is read. */
    RedoStore store(ManagedRoot root) {
        return switch (this) {
            case FORGETS_WHAT_WAS_COMMITTED,
                    IGNORES_DECISIONS,
                    ASSUMES_DECISIONS,
                    FORGETS_THE_LAST_STEP,
                    FORGETS_ATTRIBUTES,
                    REPLAYS_WITHOUT_MERGING,
                    TRUSTS_THE_WORK_AREA -> new WrongStore(root);
            default -> root;
        };
    }

    private static boolean isWork(String name) {
        return name.startsWith(WorkArea.WORK + "/");
    }

    private boolean forcesFile(String name) {
        return switch (this) {
            case FORCES_NO_FILES_BEFORE_THE_BASE_MOVES -> isWork(name);
            case FORCES_NO_WORK_FILES -> !isWork(name);
            default -> true;
        };
    }

    private boolean forcesDirectory(String name) {
        return switch (this) {
            case FORCES_NO_DIRECTORIES_BEFORE_THE_BASE_MOVES -> Names.isWithin(name, WorkArea.HIDDEN);
            case FORCES_NO_NAMES_OF_WORK_FILES -> !name.equals(WorkArea.WORK);
            default -> true;
        };
    }

    private final class Wrong extends ForwardingDisk {

        Wrong(Disk disk) {
            super(disk);
        }

        @Override
        public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
            var file = super.open(name, options);
            return forcesFile(name) ? file : new Forceless(file);
        }

        @Override
        public void forceDirectory(String name) throws IOException {
            if (forcesDirectory(name)) {
                super.forceDirectory(name);
            }
        }

        @Override
        public void delete(String name) throws IOException {
            if (Plant.this != LEAVES_WORK_FILES || !isWork(name)) {
                super.delete(name);
            }
        }
    }

    /** A file that is never forced. */
    private static final class Forceless extends ForwardingFile {

        Forceless(DiskFile file) {
            super(file);
        }

        @Override
        public void force() {
            // That is what is wrong.
        }
    }

    private final class WrongStore implements RedoStore {
        private final ManagedRoot root;

        WrongStore(ManagedRoot root) {
            this.root = root;
        }

        @Override
        public void restore(ByteBuffer checkpoint) {
            root.restore(checkpoint);
        }

        @Override
        public void redo(long lsn, List<ByteBuffer> redo) throws IOException {
            switch (Plant.this) {
                case FORGETS_WHAT_WAS_COMMITTED -> {}
                case FORGETS_THE_LAST_STEP -> {
                    var steps = new ArrayList<>(StepFormat.decode(redo));
                    steps.remove(steps.size() - 1);
                    root.redo(lsn, List.of(StepFormat.encode(steps)));
                }
                case FORGETS_ATTRIBUTES -> {
                    var steps = new ArrayList<>(StepFormat.decode(redo));
                    steps.removeIf(Step.SetAttributes.class::isInstance);
                    root.redo(lsn, List.of(StepFormat.encode(steps)));
                }
                case REPLAYS_WITHOUT_MERGING -> run(StepFormat.decode(redo), Applier.When.AGAIN);
                case TRUSTS_THE_WORK_AREA -> run(StepFormat.decode(redo), Applier.When.NOW);
                default -> root.redo(lsn, redo);
            }
        }

        private void run(List<Step> steps, Applier.When when) throws IOException {
            try {
                new Applier(root.disk(), root.area(), when).run(steps);
            } catch (NoSuchFileException e) {
                // A later one has moved it on.
            }
        }

        @Override
        public void note(long lsn, ByteBuffer note) {
            root.note(lsn, note);
        }

        @Override
        public RedoWork prepared(UUID unitOfWork, List<ByteBuffer> redo) throws IOException {
            if (Plant.this == ASSUMES_DECISIONS) {
                root.redo(0, redo);
            }
            var work = root.prepared(unitOfWork, redo);
            return Plant.this == IGNORES_DECISIONS ? new Undecided(work) : work;
        }

        @Override
        public void restored() throws IOException {
            root.restored();
        }

        @Override
        public void tidy() throws IOException {
            root.tidy();
        }
    }

    /** Work that never hears that it was decided. */
    private record Undecided(RedoWork work) implements RedoWork {

        @Override
        public boolean hasChanges() {
            return work.hasChanges();
        }

        @Override
        public List<ByteBuffer> prepare() throws Exception {
            return work.prepare();
        }

        @Override
        public void committed(long lsn) {
            work.rolledBack();
        }

        @Override
        public void rolledBack() {
            work.rolledBack();
        }
    }
}
