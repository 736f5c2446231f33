package dev.ktm.file;

import dev.ktm.redo.RedoStore;
import dev.ktm.redo.RedoWork;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/** A store whose records mean nothing to a file manager. */
record GarbageStore(ByteBuffer garbage) implements RedoStore {

    /** A transaction that logs them. */
    record Work(ByteBuffer garbage) implements RedoWork {
        @Override
        public boolean hasChanges() {
            return true;
        }

        @Override
        public List<ByteBuffer> prepare() {
            return List.of(garbage.duplicate());
        }

        @Override
        public void committed(long lsn) {
            // Nothing is shown.
        }

        @Override
        public void rolledBack() {
            // Nothing was locked.
        }
    }

    @Override
    public void restore(ByteBuffer checkpoint) {
        // Nothing is in there.
    }

    @Override
    public void redo(long lsn, List<ByteBuffer> redo) {
        // It is of no interest.
    }

    @Override
    public void note(long lsn, ByteBuffer note) {
        // It is of no interest.
    }

    @Override
    public RedoWork prepared(UUID unitOfWork, List<ByteBuffer> redo) {
        return new Work(garbage);
    }

    @Override
    public void restored() {
        // Nothing follows.
    }

    @Override
    public void tidy() {
        // Nothing is kept.
    }
}
