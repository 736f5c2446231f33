package dev.ktm.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Directories below a root, opened one in the other, so that what is done in one is done there and nowhere else: a link that somebody
 * puts in the place of a directory is not followed, whenever he does it. The root and the work area stay open. Safe for many threads.
 */
class SafeDirectories implements Closeable {

    private final Path root;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable SecureDirectoryStream<Path> top;
    private @Nullable SecureDirectoryStream<Path> work;

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

    /** Does something in a directory of this name. */
    <T> T in(String name, Action<T> action) throws IOException {
        if (name.isEmpty()) {
            return action.in(top());
        }
        if (name.equals(WorkArea.WORK)) {
            return action.in(work());
        }
        var opened = new ArrayDeque<SecureDirectoryStream<Path>>();
        try {
            var last = top();
            for (var part : Names.parts(name)) {
                last = below(last, part);
                opened.push(last);
            }
            return action.in(last);
        } finally {
            for (var each : opened) {
                each.close();
            }
        }
    }

    private SecureDirectoryStream<Path> below(SecureDirectoryStream<Path> directory, String part) throws IOException {
        return directory.newDirectoryStream(root.getFileSystem().getPath(part), LinkOption.NOFOLLOW_LINKS);
    }

    // It stays open until all of this is closed.
    @SuppressWarnings("StreamResourceLeak")
    private SecureDirectoryStream<Path> top() throws IOException {
        lock.lock();
        try {
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
        lock.lock();
        try {
            forgetWork();
            if (top != null) {
                top.close();
                top = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
