package dev.ktm.file;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/** Makes durable what commits have changed, also below directories that somebody has closed since. Safe for many threads. */
final class Forcing {

    private final Disk disk;
    private final ReentrantLock opening;

    /**
     * For one root.
     *
     * @param opening held while directories are opened
     */
    Forcing(Disk disk, ReentrantLock opening) {
        this.disk = disk;
        this.opening = opening;
    }

    void force(Touched.ToForce all) throws IOException {
        try {
            disk.forceAll(all.files(), all.directories());
        } catch (AccessDeniedException e) {
            if (!isOnlyUnreached(e)) {
                throw e;
            }
            forceClosed(all);
        }
    }

    private void forceClosed(Touched.ToForce all) throws IOException {
        opening.lock();
        try {
            var closed = new ClosedDirectories(disk);
            try {
                for (var each : all.files()) {
                    closed.reach(Names.parent(each));
                }
                for (var each : all.directories()) {
                    closed.reach(Names.parent(each));
                }
                disk.forceAll(all.files(), all.directories());
            } finally {
                closed.closeAll();
            }
        } finally {
            opening.unlock();
        }
    }

    /** Whether nothing has failed to be forced: it was not reached. */
    static boolean isOnlyUnreached(Throwable e) {
        return e instanceof AccessDeniedException
                && Stream.of(e.getSuppressed()).allMatch(AccessDeniedException.class::isInstance);
    }
}
