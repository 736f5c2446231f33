package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Brings the steps of a committed transaction about. Every step looks at what is there, where that matters, so that a run that was
 * cut short can be run again from its beginning; what stands in the way and is not the transaction's is put aside, never
 * overwritten. Not safe for many threads: one applier for one run.
 */
final class Applier {

    private static final Set<StandardOpenOption> READ = Set.of(StandardOpenOption.READ);
    private static final Set<StandardOpenOption> WRITE = Set.of(StandardOpenOption.WRITE);
    private static final int COPY_BYTES = 1 << 20;
    private static final String MODE = "unix:mode";
    private static final int OWNER_READS_AND_WRITES = 0b110_000_000;

    private final Disk disk;
    private final WorkArea area;

    /** Whether the files of the work area are those that were written, rather than what a power cut has left of them. */
    private final boolean trusted;

    /** What was changed, by its name: to be forced before the log may forget it. */
    private final Set<String> files = new LinkedHashSet<>();

    private final Set<String> directories = new LinkedHashSet<>();

    /** Names under which open handles are to see something else. */
    private final Set<String> shown = new LinkedHashSet<>();

    private final List<String> setAside = new ArrayList<>();

    private final ClosedDirectories closed;
    private boolean looksForClosed;

    Applier(Disk disk, WorkArea area, boolean trusted) {
        this.disk = disk;
        this.area = area;
        this.trusted = trusted;
        this.closed = new ClosedDirectories(disk);
        this.looksForClosed = !trusted;
    }

    /** An earlier attempt may have closed directories. */
    void lookForClosed() {
        looksForClosed = true;
    }

    /** Has directories that had to be opened be as they were. */
    void closeAgain() throws IOException {
        closed.closeAll();
    }

    Set<String> files() {
        return files;
    }

    Set<String> directories() {
        return directories;
    }

    /** Names under which, or below which, there is something else than before: new content, another file, a file that is shared now. */
    Set<String> shown() {
        return shown;
    }

    /** What was in the way, and where it is now. */
    List<String> setAside() {
        return setAside;
    }

    /** Takes all steps. */
    void run(List<Step> steps) throws IOException {
        takeAll(steps);
        // Once everything is in them; the deepest first, so that none is closed before what is in it has its own.
        var last = new ArrayList<Step>(steps);
        last.sort(Comparator.comparingInt(step -> -Names.depth(step.name())));
        for (var step : last) {
            if (step instanceof Step.SetAttributes set) {
                setAttributes(set);
            } else if (step instanceof Step.MakeDirectory made) {
                closed.close(made.name());
                setAll(disk, made.name(), made.attributes());
            }
        }
    }

    private void takeAll(List<Step> steps) throws IOException {
        // The deepest first: what is in a directory goes, or is taken out of it, before the directory itself does.
        var first = new ArrayList<Step>(steps);
        first.removeIf(step -> !(step instanceof Step.Delete || step instanceof Step.Move));
        first.sort(Comparator.comparingInt(step -> -Names.depth(before(step))));
        for (var step : first) {
            if (step instanceof Step.Delete delete) {
                delete(delete, steps);
            } else if (step instanceof Step.Move move) {
                takeAway(move);
            }
        }
        // From the top downwards, so that every directory is there before what lies in it.
        var rest = new ArrayList<Step>(steps);
        rest.removeIf(step -> step instanceof Step.Delete || step instanceof Step.SetAttributes);
        rest.sort(Comparator.comparingInt(step -> Names.depth(step.name())));
        var added = new ArrayList<Step.AddName>();
        for (var step : rest) {
            if (step instanceof Step.AddName name) {
                added.add(name);
            } else {
                take(step);
            }
        }
        // Once the file that they are names of is in its place.
        for (var name : added) {
            addName(name);
        }
    }

    private void take(Step step) throws IOException {
        if (step instanceof Step.Put put) {
            put(put);
        } else if (step instanceof Step.Overwrite overwrite) {
            overwrite(overwrite);
        } else if (step instanceof Step.MakeDirectory directory) {
            makeDirectory(directory);
        } else if (step instanceof Step.MakeLink link) {
            makeLink(link);
        } else if (step instanceof Step.Move move) {
            bring(move);
        }
    }

    /**
     * Before a name is changed. A later commit may have closed the directory, and what was committed before is done again: it is
     * opened for as long as that takes.
     */
    private void changing(String name) throws IOException {
        var directory = Names.parent(name);
        directories.add(directory);
        if (looksForClosed) {
            closed.enter(directory);
        }
    }

    /** Before something is looked at. */
    void reach(String name) throws IOException {
        if (looksForClosed) {
            closed.reach(Names.parent(name));
        }
    }

    private void delete(Step.Delete delete, List<Step> all) throws IOException {
        var there = disk.stat(delete.name());
        changing(delete.name());
        if (there.isEmpty() || !there.get().key().equals(delete.key())) {
            // Gone already; or something else has the name by now, the transaction's own or somebody's.
            return;
        }
        if (there.get().isDirectory() != delete.directory()
                || (delete.directory() && all.stream().anyMatch(step -> isDirectoryAt(step, delete.name())))) {
            // A key that was used again, or a directory that is made again at once: it is the transaction's own.
            return;
        }
        try {
            disk.delete(delete.name());
        } catch (DirectoryNotEmptyException e) {
            putAside(delete.name());
        } catch (NoSuchFileException e) {
            // Gone meanwhile.
        }
    }

    private static boolean isDirectoryAt(Step step, String name) {
        return step instanceof Step.MakeDirectory && step.name().equals(name);
    }

    private static String staging(Step.Move move) {
        // Nobody else has an object of this key.
        return WorkArea.WORK + "/move-" + Integer.toHexString(move.name().hashCode()) + "-"
                + Integer.toHexString(move.key().hashCode());
    }

    /** Where it is before anything is done. */
    private static String before(Step step) {
        return step instanceof Step.Move move ? move.from() : step.name();
    }

    /** Out of the way, so that two may change places. */
    private void takeAway(Step.Move move) throws IOException {
        changing(move.from());
        if (isAt(move.from(), move.key()) && !isAt(move.name(), move.key())) {
            disk.rename(move.from(), staging(move));
        }
    }

    private boolean isAt(String name, String key) throws IOException {
        return disk.stat(name).filter(stat -> stat.key().equals(key)).isPresent();
    }

    private void bring(Step.Move move) throws IOException {
        changing(move.name());
        shown.add(move.name());
        if (isAt(move.name(), move.key())) {
            return;
        }
        disk.rename(staging(move), move.name());
    }

    private void put(Step.Put put) throws IOException {
        changing(put.name());
        var bytes = put.inline();
        if (bytes.isPresent() && !trusted) {
            recreate(put, bytes.get());
        }
        try {
            disk.rename(put.work(), put.name());
        } catch (NoSuchFileException e) {
            if (disk.stat(put.work()).isPresent()) {
                throw e;
            }
            if (bytes.isPresent()) {
                recreate(put, bytes.get());
                disk.rename(put.work(), put.name());
            } else if (!isAt(put.name(), put.key())) {
                throw new TxfException(
                        TxfError.RM_METADATA_CORRUPT,
                        put.name(),
                        "expected the content that was committed for it in " + put.work()
                                + ", found that it has gone: open the"
                                + " root with a reset of what is damaged, and restore this file",
                        e);
            }
        }
        files.add(put.name());
        shown.add(put.name());
    }

    private void recreate(Step.Put put, byte[] bytes) throws IOException {
        try {
            // It may be one that nobody may write to.
            disk.delete(put.work());
        } catch (NoSuchFileException e) {
            // It was not there.
        }
        try (var file = disk.open(put.work(), Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
            file.write(ByteBuffer.wrap(bytes), 0);
        }
        setAll(disk, put.work(), put.attributes());
    }

    private void overwrite(Step.Overwrite overwrite) throws IOException {
        Optional<Disk.Stat> source = disk.stat(overwrite.work());
        if (source.isPresent()) {
            try (var from = disk.open(overwrite.work(), READ);
                    var to = openToWrite(overwrite.name())) {
                var buffer = ByteBuffer.allocate(COPY_BYTES);
                long at = 0;
                while (from.read(buffer.clear(), at) > 0) {
                    buffer.flip();
                    int length = buffer.remaining();
                    to.write(buffer, at);
                    at += length;
                }
                to.resize(at);
                to.force();
            }
            setAll(disk, overwrite.name(), overwrite.attributes());
        }
        files.add(overwrite.name());
        shown.add(overwrite.name());
        changing(overwrite.name());
    }

    private DiskFile openToWrite(String name) throws IOException {
        try {
            return disk.open(name, WRITE);
        } catch (AccessDeniedException e) {
            // A run that was cut short has set its rights already; this one sets them again.
            disk.setAttribute(name, MODE, OWNER_READS_AND_WRITES);
            return disk.open(name, WRITE);
        }
    }

    private void makeDirectory(Step.MakeDirectory made) throws IOException {
        changing(made.name());
        try {
            disk.createDirectory(made.name());
        } catch (FileAlreadyExistsException e) {
            if (disk.stat(made.name()).filter(Disk.Stat::isDirectory).isEmpty()) {
                putAside(made.name());
                disk.createDirectory(made.name());
            }
        }
        directories.add(made.name());
    }

    private void makeLink(Step.MakeLink link) throws IOException {
        changing(link.name());
        var work = area.newName();
        disk.createLink(work, link.target());
        disk.rename(work, link.name());
    }

    private void addName(Step.AddName added) throws IOException {
        changing(added.name());
        shown.add(added.name());
        shown.add(added.existing());
        if (isAt(added.name(), added.key())) {
            return;
        }
        var work = area.newName();
        disk.addName(added.existing(), work);
        disk.rename(work, added.name());
    }

    private void setAttributes(Step.SetAttributes set) throws IOException {
        reach(set.name());
        closed.close(set.name());
        if (isAt(set.name(), set.key())) {
            setAll(disk, set.name(), set.attributes());
            var kind = disk.stat(set.name()).map(Disk.Stat::kind).orElse(Kind.OTHER);
            if (kind == Kind.FILE) {
                files.add(set.name());
            } else if (kind == Kind.DIRECTORY) {
                directories.add(set.name());
            }
        }
    }

    /** Sets attributes of an object; rights last, because they may be such that nobody could set anything any more. */
    static void setAll(Disk disk, String name, Map<String, Object> attributes) throws IOException {
        var rights = new LinkedHashMap<String, Object>();
        for (var each : attributes.entrySet()) {
            if (each.getKey().startsWith("user:") || each.getValue() instanceof FileTime) {
                set(disk, name, each.getKey(), each.getValue());
            } else {
                rights.put(each.getKey(), each.getValue());
            }
        }
        for (var each : rights.entrySet()) {
            set(disk, name, each.getKey(), each.getValue());
        }
    }

    private static void set(Disk disk, String name, String attribute, Object value) throws IOException {
        try {
            disk.setAttribute(name, attribute, value);
        } catch (IOException e) {
            if (!isSet(disk, name, attribute, value)) {
                throw e;
            }
        }
    }

    /** Whether it is so already: whoever may not read a file may not even set what it has. */
    private static boolean isSet(Disk disk, String name, String attribute, Object value) {
        try {
            var found = disk.readAttributes(name, attribute).get(attribute.substring(attribute.indexOf(':') + 1));
            return value.equals(found)
                    || (value instanceof String text
                            && found instanceof Principal principal
                            && text.equals(principal.getName()));
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    /** Takes something out of the way that is not ours to delete. */
    void putAside(String name) throws IOException {
        var aside = Names.shortened(WorkArea.ASIDE + "/" + Names.last(area.newName()) + "-" + Names.last(name));
        disk.rename(name, aside);
        setAside.add(name + " -> " + aside);
    }
}
