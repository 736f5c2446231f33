package dev.ktm.file;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.Watchable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Watches directories of a root, through the eyes of whoever has registered them: outside of transactions what was committed is seen,
 * one batch for each commit; in a transaction what it sees, until it ends. Looks after each change that is made through the manager;
 * what goes past it is seen with the next one. A key that can see nothing any more is signalled once more, and is not valid.
 */
final class TreeWatcher implements WatchService {

    private final ManagedRoot root;

    /** In the order in which they were signalled; nothing stands for the end of all. */
    private final LinkedBlockingDeque<Optional<Key>> signalled = new LinkedBlockingDeque<>();

    private final Set<Key> keys = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    TreeWatcher(ManagedRoot root) {
        this.root = root;
        root.watchers().add(this);
    }

    WatchKey register(TransactedPath directory, WatchEvent.Kind<?>[] events) throws IOException {
        requireOpen();
        var key = new Key(directory, Set.of(events));
        keys.add(key);
        return key;
    }

    private void requireOpen() {
        if (closed) {
            throw new ClosedWatchServiceException();
        }
    }

    /** Something may have changed. */
    void look() {
        keys.forEach(Key::look);
    }

    /** Something has changed that only some can see. */
    void look(Operations who) {
        for (var key : keys) {
            if (key.sees == who) {
                key.look();
            }
        }
    }

    /** They can see nothing any more. */
    void ended(Operations who) {
        for (var key : keys) {
            if (key.sees == who) {
                key.end();
            }
        }
    }

    @Override
    public @Nullable WatchKey poll() {
        requireOpen();
        return keyOf(signalled.poll());
    }

    @Override
    public @Nullable WatchKey poll(long timeout, TimeUnit unit) throws InterruptedException {
        requireOpen();
        return keyOf(signalled.poll(timeout, unit));
    }

    @Override
    public WatchKey take() throws InterruptedException {
        requireOpen();
        return Objects.requireNonNull(keyOf(signalled.take()));
    }

    // As the queue says that there is none.
    @SuppressWarnings("NullableOptional")
    private @Nullable Key keyOf(@Nullable Optional<Key> next) {
        if (next != null && next.isEmpty()) {
            // For whoever else waits.
            signalled.add(next);
            throw new ClosedWatchServiceException();
        }
        return next == null ? null : next.get();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            root.watchers().remove(this);
            keys.clear();
            signalled.add(Optional.empty());
        }
    }

    private record Event<T>(WatchEvent.Kind<T> kind, T context) implements WatchEvent<T> {
        @Override
        public int count() {
            return 1;
        }
    }

    /** One watched directory. */
    private final class Key implements WatchKey {
        private final TransactedPath directory;
        /** Whoever changes or commits something has another view of the same path. */
        private final Operations sees;

        private final Set<WatchEvent.Kind<?>> wanted;
        private final ReentrantLock lock = new ReentrantLock();
        private Map<String, String> seen;
        private List<WatchEvent<?>> events = new ArrayList<>();
        private boolean isSignalled;

        Key(TransactedPath directory, Set<WatchEvent.Kind<?>> wanted) throws IOException {
            this.directory = directory;
            this.sees = directory.fileSystem().operations();
            this.wanted = wanted;
            this.seen = snapshot();
        }

        private Map<String, String> snapshot() throws IOException {
            var name = directory.fileSystem().resolve(sees, directory, true);
            if (sees.kind(name).filter(Disk.Kind.DIRECTORY::equals).isEmpty()) {
                throw new NotDirectoryException(directory.toString());
            }
            var all = new HashMap<String, String>();
            for (var each : sees.list(name)) {
                Map<String, Object> found;
                try {
                    found = sees.readAttributes(Names.child(name, each), "size,lastModifiedTime,fileKey,isDirectory");
                } catch (NoSuchFileException e) {
                    // It has gone since it was listed.
                    continue;
                }
                all.put(
                        each,
                        Boolean.TRUE.equals(found.get("isDirectory"))
                                ? String.valueOf(found.get("fileKey"))
                                : found.get("size") + " " + found.get("lastModifiedTime") + " " + found.get("fileKey"));
            }
            return all;
        }

        void look() {
            lock.lock();
            try {
                var now = snapshot();
                for (var each : seen.entrySet()) {
                    var after = now.get(each.getKey());
                    if (after == null) {
                        add(StandardWatchEventKinds.ENTRY_DELETE, each.getKey());
                    } else if (!after.equals(each.getValue())) {
                        add(StandardWatchEventKinds.ENTRY_MODIFY, each.getKey());
                    }
                }
                for (var name : now.keySet()) {
                    if (!seen.containsKey(name)) {
                        add(StandardWatchEventKinds.ENTRY_CREATE, name);
                    }
                }
                seen = now;
                signal();
            } catch (IOException e) {
                if (root.isClosed() || !isForNow(e)) {
                    end();
                }
            } finally {
                lock.unlock();
            }
        }

        /** Whether it will be seen with a later look. */
        private static boolean isForNow(IOException failure) {
            return failure instanceof TxfException refusal && refusal.error() == TxfError.RM_NOT_ACTIVE;
        }

        /** Whoever waits for it is told that it has ended. */
        void end() {
            lock.lock();
            try {
                if (keys.remove(this) && !isSignalled) {
                    isSignalled = true;
                    signalled.add(Optional.of(this));
                }
            } finally {
                lock.unlock();
            }
        }

        private void add(WatchEvent.Kind<Path> kind, String name) {
            if (wanted.contains(kind)) {
                events.add(new Event<>(kind, directory.fileSystem().getPath(name)));
            }
        }

        private void signal() {
            if (!events.isEmpty() && !isSignalled) {
                isSignalled = true;
                signalled.add(Optional.of(this));
            }
        }

        @Override
        public boolean isValid() {
            return keys.contains(this);
        }

        @Override
        public List<WatchEvent<?>> pollEvents() {
            lock.lock();
            try {
                var all = events;
                events = new ArrayList<>();
                return all;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public boolean reset() {
            lock.lock();
            try {
                isSignalled = false;
                signal();
                return isValid();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void cancel() {
            keys.remove(this);
        }

        @Override
        public Watchable watchable() {
            return directory;
        }
    }
}
