package dev.ktm.file;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Watches directories of a root, through the eyes of the path that was registered: outside of transactions what was committed is seen,
 * one batch for each commit. Looks after each change that is made through the manager; what goes past it is seen with the next one.
 */
final class TreeWatcher implements WatchService {

    private final ManagedRoot root;
    private final LinkedBlockingDeque<Key> signalled = new LinkedBlockingDeque<>();
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
        for (var key : keys) {
            key.look();
        }
    }

    @Override
    public @Nullable WatchKey poll() {
        requireOpen();
        return signalled.poll();
    }

    @Override
    public @Nullable WatchKey poll(long timeout, TimeUnit unit) throws InterruptedException {
        requireOpen();
        return signalled.poll(timeout, unit);
    }

    @Override
    public WatchKey take() throws InterruptedException {
        requireOpen();
        return signalled.take();
    }

    @Override
    public void close() {
        closed = true;
        root.watchers().remove(this);
        keys.clear();
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
        private final Set<WatchEvent.Kind<?>> wanted;
        private final ReentrantLock lock = new ReentrantLock();
        private Map<String, String> seen;
        private List<WatchEvent<?>> events = new ArrayList<>();
        private boolean isSignalled;

        Key(TransactedPath directory, Set<WatchEvent.Kind<?>> wanted) throws IOException {
            this.directory = directory;
            this.wanted = wanted;
            this.seen = snapshot();
        }

        private Map<String, String> snapshot() throws IOException {
            var operations = directory.fileSystem().operations();
            var name = directory.fileSystem().resolve(operations, directory, true);
            if (operations.kind(name).filter(Disk.Kind.DIRECTORY::equals).isEmpty()) {
                throw new NotDirectoryException(directory.toString());
            }
            var all = new HashMap<String, String>();
            for (var each : operations.list(name)) {
                var found =
                        operations.readAttributes(Names.child(name, each), "size,lastModifiedTime,fileKey,isDirectory");
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
                cancel();
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
                signalled.add(this);
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
