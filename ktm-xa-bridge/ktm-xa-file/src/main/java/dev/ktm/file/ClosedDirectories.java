package dev.ktm.file;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Directories of ours that somebody has closed since something below them was committed: they are opened for as long as it takes to do
 * that again, or to force it, to their owner alone. Not safe for many threads.
 */
final class ClosedDirectories {

    private static final String MODE = "unix:mode";
    private static final int OPEN_TO_OWNER = 0b111_000_000;

    private final Disk disk;

    /** The deepest first. */
    private final Deque<Opened> opened = new ArrayDeque<>();

    /** Which are known to be open. */
    private final Set<String> reached = new HashSet<>();

    /** What it was before, and is now. */
    private record Opened(String name, Disk.Stat before, Disk.Stat now) {

        Opened at(String other) {
            return new Opened(other, before, now);
        }
    }

    ClosedDirectories(Disk disk) {
        this.disk = disk;
    }

    /** Has what is in a directory be found. */
    void reach(String directory) throws IOException {
        if (!reached.add(directory)) {
            return;
        }
        if (!directory.isEmpty()) {
            reach(Names.parent(directory));
        }
        if (!disk.isReadable(directory)) {
            open(directory);
        }
    }

    /** Has names in a directory be changed. */
    void enter(String directory) throws IOException {
        reach(directory);
        if (!disk.isWritable(directory)) {
            open(directory);
        }
    }

    private void open(String directory) throws IOException {
        var before = disk.stat(directory).filter(Disk.Stat::isDirectory);
        var mode = before.flatMap(Disk.Stat::owned).map(Disk.Owned::mode);
        if (before.isPresent() && mode.isPresent()) {
            disk.setAttribute(directory, MODE, mode.get() | OPEN_TO_OWNER);
            opened.push(new Opened(
                    directory,
                    before.get(),
                    disk.stat(directory).orElseThrow(() -> new NoSuchFileException(directory))));
        }
    }

    /** Closes one again, before it gets rights of its own. */
    void close(String directory) throws IOException {
        for (var each : opened) {
            if (each.name().equals(directory)) {
                opened.remove(each);
                reached.remove(directory);
                close(each);
                return;
            }
        }
    }

    /** One, or what it lies in, has another name. */
    void moved(String from, String to) {
        var all = List.copyOf(opened);
        opened.clear();
        for (var each : all) {
            opened.add(
                    Names.isWithin(each.name(), from) ? each.at(to + each.name().substring(from.length())) : each);
        }
        reached.removeIf(each -> Names.isWithin(each, from));
    }

    /** It has gone: whatever has its name from now on is another. */
    void forget(String directory) {
        opened.removeIf(each -> each.name().equals(directory));
        reached.remove(directory);
    }

    /** Closes what was opened. */
    void closeAll() throws IOException {
        for (var each = opened.poll(); each != null; each = opened.poll()) {
            close(each);
        }
        reached.clear();
    }

    private void close(Opened each) throws IOException {
        var there = disk.stat(each.name());
        if (there.filter(stat -> stat.key().equals(each.now().key())
                        && stat.isDirectory()
                        && stat.owned().equals(each.now().owned()))
                .isEmpty()) {
            // It has gone, or somebody has given it other rights since.
            return;
        }
        var mode = each.before().owned().map(Disk.Owned::mode);
        if (mode.isPresent()) {
            disk.setAttribute(each.name(), MODE, mode.get());
        }
    }
}
