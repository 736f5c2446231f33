package dev.ktm.registry;

import dev.ktm.redo.RedoResourceManager;
import dev.ktm.redo.RedoWork;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What one transaction does in a hive. */
final class HiveWork implements RedoWork {

    /** What is read or written through a draft. */
    @FunctionalInterface
    interface Access<T> {
        T in(Draft draft) throws RegistryException;
    }

    private final Hive hive;
    private final UUID unitOfWork;
    private final Draft draft;

    /** Over the draft, until it is sealed: from then on it does not change. */
    private final ReentrantLock lock = new ReentrantLock();

    private volatile RedoResourceManager.@Nullable Part part;

    HiveWork(Hive hive, UUID unitOfWork, Draft draft) {
        this.hive = hive;
        this.unitOfWork = unitOfWork;
        this.draft = draft;
    }

    Draft draft() {
        return draft;
    }

    /** Has its transaction rolled back for this reason, unless it is about to end. */
    void doom(RegistryException why) {
        if (hive.locks().doom(draft.owner(), why)) {
            var joined = part;
            if (joined != null) {
                joined.rollback(why);
            }
        }
    }

    void belongsTo(RedoResourceManager.Part part) {
        this.part = part;
        draft.owner()
                .rollsBackBy(() -> part.rollback(new RegistryException(
                        RegistryError.TRANSACTION_ALREADY_ABORTED,
                        "a write outside of transactions has changed what the transaction had changed in hive \""
                                + hive.name() + "\": it wins")));
    }

    <T> T read(Access<T> access) throws RegistryException {
        lock.lock();
        try {
            if (hive.locks().isDoomed(draft.owner())) {
                hive.locks().check(draft.owner());
            }
            return access.in(draft);
        } finally {
            lock.unlock();
        }
    }

    <T> T write(Access<T> access) throws RegistryException {
        lock.lock();
        try {
            int before = hive.locks().count(draft.owner());
            try {
                return access.in(draft);
            } catch (RegistryException e) {
                // Each operation takes all its locks before it changes anything.
                hive.locks().giveBack(draft.owner(), before);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean hasChanges() {
        lock.lock();
        try {
            if (draft.isEmpty()) {
                // A write that comes now would be lost.
                hive.locks().seal(draft.owner());
                return false;
            }
            return true;
        } catch (RegistryException e) {
            // The vote will say what it is.
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<ByteBuffer> prepare() throws RegistryException {
        lock.lock();
        try {
            hive.locks().seal(draft.owner());
            return Encoding.encode(draft.changes()).map(List::of).orElse(List.of());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void committed(long lsn) {
        hive.show(draft);
        end();
    }

    @Override
    public void rolledBack() {
        end();
    }

    private void end() {
        hive.locks().end(draft.owner());
        hive.ended(unitOfWork, this);
    }
}
