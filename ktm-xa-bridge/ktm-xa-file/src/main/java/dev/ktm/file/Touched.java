package dev.ktm.file;

import dev.ktm.log.Lsn;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/**
 * The names that commits have changed and that no checkpoint covers yet: a restart would change them once more. Each has the LSN of its
 * latest commit. Commits are in their places in another order than in the log, so that a checkpoint may have forced what it does not
 * cover. Safe for many threads.
 */
final class Touched {

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Long> files = new HashMap<>();
    private final Map<String, Long> directories = new HashMap<>();

    /** What is to be forced. */
    record ToForce(Set<String> files, Set<String> directories) {}

    /** Everything. */
    ToForce all() {
        lock.lock();
        try {
            return new ToForce(Set.copyOf(files.keySet()), Set.copyOf(directories.keySet()));
        } finally {
            lock.unlock();
        }
    }

    /** What makes a name durable, with everything in it. */
    ToForce allFor(String name) {
        var all = all();
        return new ToForce(
                all.files().stream().filter(each -> Names.isWithin(each, name)).collect(Collectors.toSet()),
                all.directories().stream()
                        .filter(each -> Names.isWithin(each, name) || each.equals(Names.parent(name)))
                        .collect(Collectors.toSet()));
    }

    void add(Collection<String> changedFiles, Collection<String> changedDirectories, long lsn) {
        lock.lock();
        try {
            changedFiles.forEach(each -> files.merge(each, lsn, Math::max));
            changedDirectories.forEach(each -> directories.merge(each, lsn, Math::max));
        } finally {
            lock.unlock();
        }
    }

    /** A checkpoint is durable that covers everything up to an LSN. */
    void covered(long lsn) {
        lock.lock();
        try {
            files.values().removeIf(each -> each <= lsn);
            directories.values().removeIf(each -> each <= lsn);
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return files.isEmpty() && directories.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** How many files are among them. */
    int fileCount() {
        lock.lock();
        try {
            return files.size();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a restart would change something of this name, or in it. */
    boolean has(String name) {
        lock.lock();
        try {
            return files.containsKey(name)
                    || directories.containsKey(Names.parent(name))
                    || files.keySet().stream().anyMatch(each -> Names.isWithin(each, name))
                    || directories.keySet().stream().anyMatch(each -> Names.isWithin(each, name));
        } finally {
            lock.unlock();
        }
    }

    /** The LSN of the latest commit that has changed something of this name, or in it; {@link Lsn#NULL} if none has. */
    long last(String name) {
        lock.lock();
        try {
            long last = directories.getOrDefault(Names.parent(name), Lsn.NULL);
            for (var all : List.of(files, directories)) {
                for (var each : all.entrySet()) {
                    if (Names.isWithin(each.getKey(), name)) {
                        last = Math.max(last, each.getValue());
                    }
                }
            }
            return last;
        } finally {
            lock.unlock();
        }
    }
}
