package dev.ktm.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.ClosedDirectoryStreamException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Directories below a root, opened one in the other, so that what is done in one is done there and nowhere else: a link that somebody
 * puts in the place of a directory is not followed, whenever he does it. Safe for many threads.
 *
 * <p>The root, the work area and the directories that were used last stay open, because opening one costs more than what is done in
 * it. Before each use the name is looked up in its parent, and has to stand for the very directory that is open: as long as that is
 * so, no other can have its key.
 */
class SafeDirectories implements Closeable {

    /** Each takes two descriptors. */
    private static final int MOST_OPEN = 64;

    private final Path root;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable SecureDirectoryStream<Path> top;
    private @Nullable SecureDirectoryStream<Path> work;
    /** By their names; the one that was used last is the last. */
    private final Map<String, Opened> opened = new LinkedHashMap<>(16, 0.75f, true);

    private boolean closed;

    SafeDirectories(Path root) {
        this.root = root;
    }

    /** Whether the system has what it takes. */
    static boolean areSupported(Path directory) {
        try (var stream = Files.newDirectoryStream(directory)) {
            return stream instanceof SecureDirectoryStream<?>;
        } catch (IOException e) {
            return false;
        }
    }

    /** Something that is done in a directory. */
    interface Action<T> {
        T in(SecureDirectoryStream<Path> directory) throws IOException;
    }

    /** A directory that is open. Counts are guarded by the lock. */
    private static final class Opened {
        final SecureDirectoryStream<Path> stream;
        final @Nullable Object key;
        int users = 1;
        boolean dropped;

        Opened(SecureDirectoryStream<Path> stream) throws IOException {
            this.stream = stream;
            this.key = stream.getFileAttributeView(BasicFileAttributeView.class)
                    .readAttributes()
                    .fileKey();
        }
    }

    /** Does something in a directory of this name. Its entries are not to be listed, see {@link #inNew}. */
    <T> T in(String name, Action<T> action) throws IOException {
        try {
            return inOpen(name, action);
        } catch (ClosedDirectoryStreamException e) {
            throw new IOException("expected a file manager that is open, found it closed: " + root, e);
        }
    }

    private <T> T inOpen(String name, Action<T> action) throws IOException {
        if (name.isEmpty()) {
            return action.in(top());
        }
        if (name.equals(WorkArea.WORK)) {
            return action.in(work());
        }
        return in(Names.parent(name), parent -> {
            var found = found(name, parent);
            try {
                return action.in(found.stream);
            } finally {
                letGo(found);
            }
        });
    }

    /** Does something in a directory of this name, whose entries may be listed: that goes once for each time it is opened. */
    <T> T inNew(String name, Action<T> action) throws IOException {
        return in(Names.parent(name), parent -> {
            try (var stream = opened(name, parent)) {
                return action.in(stream);
            }
        });
    }

    /** The directory that has this name now; to be let go of. */
    private Opened found(String name, SecureDirectoryStream<Path> parent) throws IOException {
        var last = Names.last(name);
        var known = known(name);
        if (known != null) {
            boolean isInPlace = false;
            try {
                isInPlace = isInPlace(known, parent, last);
            } finally {
                if (!isInPlace) {
                    drop(name, known);
                    letGo(known);
                }
            }
            if (isInPlace) {
                return known;
            }
        }
        var stream = opened(name, parent);
        Opened added;
        try {
            added = new Opened(stream);
        } catch (IOException | RuntimeException | Error e) {
            stream.close();
            throw e;
        }
        closeAll(keep(name, added));
        return added;
    }

    /** Whoever opens a pipe waits for its other end. */
    private SecureDirectoryStream<Path> opened(String name, SecureDirectoryStream<Path> parent) throws IOException {
        var last = Names.last(name);
        if (!attributes(parent, last).isDirectory()) {
            throw new NotDirectoryException(root.resolve(name).toString());
        }
        return below(parent, last);
    }

    private BasicFileAttributes attributes(SecureDirectoryStream<Path> parent, String last) throws IOException {
        return parent.getFileAttributeView(path(last), BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
    }

    private @Nullable Opened known(String name) {
        lock.lock();
        try {
            var known = opened.get(name);
            if (known != null) {
                known.users++;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    private boolean isInPlace(Opened directory, SecureDirectoryStream<Path> parent, String last) throws IOException {
        return directory.key != null
                && directory.key.equals(attributes(parent, last).fileKey());
    }

    private void drop(String name, Opened directory) {
        lock.lock();
        try {
            opened.remove(name, directory);
            directory.dropped = true;
        } finally {
            lock.unlock();
        }
    }

    /** Keeps a directory open; what is to be closed for it. */
    private List<Opened> keep(String name, Opened added) {
        var dropped = new ArrayList<Opened>();
        lock.lock();
        try {
            if (closed) {
                added.dropped = true;
                return dropped;
            }
            var before = opened.put(name, added);
            if (before != null) {
                dropped.add(before);
            }
            var eldest = opened.entrySet().iterator();
            while (opened.size() > MOST_OPEN) {
                dropped.add(eldest.next().getValue());
                eldest.remove();
            }
            dropped.forEach(each -> each.dropped = true);
            dropped.removeIf(each -> each.users > 0);
            return dropped;
        } finally {
            lock.unlock();
        }
    }

    private void letGo(Opened directory) {
        boolean last;
        lock.lock();
        try {
            directory.users--;
            last = directory.dropped && directory.users == 0;
        } finally {
            lock.unlock();
        }
        if (last) {
            closeAll(List.of(directory));
        }
    }

    private static void closeAll(List<Opened> directories) {
        for (var each : directories) {
            try {
                each.stream.close();
            } catch (IOException e) {
                WorkArea.log("a directory could not be closed", e);
            }
        }
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("expected a file manager that is open, found it closed: " + root);
        }
    }

    private Path path(String part) {
        return root.getFileSystem().getPath(part);
    }

    private SecureDirectoryStream<Path> below(SecureDirectoryStream<Path> directory, String part) throws IOException {
        return directory.newDirectoryStream(path(part), LinkOption.NOFOLLOW_LINKS);
    }

    // It stays open until all of this is closed.
    @SuppressWarnings("StreamResourceLeak")
    private SecureDirectoryStream<Path> top() throws IOException {
        lock.lock();
        try {
            requireOpen();
            var open = top;
            if (open == null) {
                open = (SecureDirectoryStream<Path>) Files.newDirectoryStream(root);
                top = open;
            }
            return open;
        } finally {
            lock.unlock();
        }
    }

    private SecureDirectoryStream<Path> work() throws IOException {
        lock.lock();
        try {
            requireOpen();
            var open = work;
            if (open == null) {
                try (var hidden = below(top(), WorkArea.HIDDEN)) {
                    open = below(hidden, Names.last(WorkArea.WORK));
                }
                work = open;
            }
            return open;
        } finally {
            lock.unlock();
        }
    }

    /** Another directory is about to take the place of the work area. */
    void forgetWork() throws IOException {
        lock.lock();
        try {
            if (work != null) {
                work.close();
                work = null;
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        List<Opened> unused;
        lock.lock();
        try {
            closed = true;
            opened.values().forEach(each -> each.dropped = true);
            unused = opened.values().stream().filter(each -> each.users == 0).toList();
            opened.clear();
            forgetWork();
            if (top != null) {
                top.close();
                top = null;
            }
        } finally {
            lock.unlock();
        }
        closeAll(unused);
    }
}
