package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A file system in memory that remembers what was forced. After a power cut the names are those of some moment since the last force of
 * them, in the order in which they were changed, as a journal keeps them; the content of a file that was not forced since it was
 * written is whole, half, or not there at all, each file for itself. Numbers of files are used again at once.
 */
final class SimulatedTree implements Disk {

    /** Told after each operation how many there were. */
    private final Consumer<Integer> observer;

    private final Map<String, Entry> names;
    private final List<Operation> operations = new ArrayList<>();
    private final Map<String, Entry> base;
    private volatile boolean fullDisk;
    private volatile boolean fullForDirectories;

    /** A file, a directory or a link. */
    private static final class Entry {
        final Kind kind;
        final int number;
        byte[] content = new byte[0];
        String target = "";
        long modified;
        final Map<String, Object> attributes = new TreeMap<>();

        Entry(Kind kind, int number) {
            this.kind = kind;
            this.number = number;
        }

        Entry copy() {
            var copy = new Entry(kind, number);
            copy.content = content;
            copy.target = target;
            copy.modified = modified;
            copy.attributes.putAll(attributes);
            return copy;
        }
    }

    /** Something that was done: to what, and the content of a file before and after it was written. */
    private static final class Operation {
        private final What kind;
        private final Entry entry;
        private final byte[] before;
        private final byte[] after;

        Operation(What kind, Entry entry, byte[] before) {
            this.kind = kind;
            this.entry = entry;
            this.before = before;
            this.after = entry.content;
        }
    }

    private enum What {
        NAMES,
        WRITE,
        FORCE,
        FORCE_NAMES
    }

    SimulatedTree(Consumer<Integer> observer) {
        this(new TreeMap<>(Map.of("", new Entry(Kind.DIRECTORY, 1))), observer);
    }

    private SimulatedTree(Map<String, Entry> content, Consumer<Integer> observer) {
        this.names = new TreeMap<>(content);
        this.base = copy(content);
        this.observer = observer;
    }

    private static Map<String, Entry> copy(Map<String, Entry> names) {
        var copies = new HashMap<Entry, Entry>();
        var all = new TreeMap<String, Entry>();
        names.forEach((name, entry) -> all.put(name, copies.computeIfAbsent(entry, Entry::copy)));
        return all;
    }

    /** Everything as it is counts as durable from now on. */
    synchronized void forgetHistory() {
        operations.clear();
        history.clear();
        base.clear();
        base.putAll(copy(names));
    }

    void setFull(boolean value) {
        fullDisk = value;
    }

    void setFullForDirectories(boolean value) {
        fullForDirectories = value;
    }

    /** Names and contents, without what is the manager's own. */
    synchronized Map<String, String> tree() {
        var all = new TreeMap<String, String>();
        names.forEach((name, entry) -> {
            if (!name.isEmpty() && !Names.isWithin(name, WorkArea.HIDDEN)) {
                all.put(
                        name,
                        switch (entry.kind) {
                            case FILE -> Arrays.hashCode(entry.content) + ":" + entry.content.length;
                            case DIRECTORY -> "/";
                            default -> "-> " + entry.target;
                        });
            }
        });
        return all;
    }

    /** What is left in the manager's work area. */
    synchronized long working() {
        return names.keySet().stream()
                .filter(name -> name.startsWith(WorkArea.WORK + "/"))
                .count();
    }

    synchronized int point() {
        return operations.size();
    }

    // What a power cut leaves. Each operation has the names as they were after it.

    private final List<Map<String, Entry>> history = new ArrayList<>();

    /** Chooses among what may have survived: a number from 0 to one less than the bound. */
    interface Choice {
        int of(int bound);
    }

    /** What may be found after a power cut once so many operations had been done. */
    synchronized SimulatedTree survivor(int point, Choice choice, Consumer<Integer> newObserver) {
        int durable = 0;
        for (int i = 0; i < point; i++) {
            if (operations.get(i).kind == What.FORCE_NAMES) {
                durable = i + 1;
            }
        }
        int kept = durable + choice.of(point - durable + 1);
        var names = kept == 0 ? base : history.get(kept - 1);
        // What was forced of each file, and what was written since.
        var atRisk = new HashMap<Entry, byte[]>();
        for (int i = 0; i < point; i++) {
            var operation = operations.get(i);
            if (operation.kind == What.WRITE) {
                atRisk.putIfAbsent(operation.entry, operation.before);
            } else if (operation.kind == What.FORCE) {
                atRisk.remove(operation.entry);
            }
        }
        var copies = new HashMap<Entry, Entry>();
        var left = new TreeMap<String, Entry>();
        names.forEach((name, entry) -> left.put(name, copies.computeIfAbsent(entry, each -> {
            var copy = each.copy();
            // Its content is as of the crash, whichever names are left.
            copy.content = contentAt(each, point);
            var before = atRisk.get(each);
            if (before != null) {
                switch (choice.of(4)) {
                    case 0 -> copy.content = before;
                    case 1 -> copy.content = Arrays.copyOf(copy.content, copy.content.length / 2);
                    case 2 -> copy.content = new byte[copy.content.length];
                    default -> {}
                }
            }
            return copy;
        })));
        return new SimulatedTree(left, newObserver);
    }

    private byte[] contentAt(Entry entry, int point) {
        for (int i = point - 1; i >= 0; i--) {
            var operation = operations.get(i);
            if (operation.kind == What.WRITE && operation.entry == entry) {
                return operation.after;
            }
        }
        return base.values().stream()
                .filter(each -> each.number == entry.number && each.kind == entry.kind)
                .findFirst()
                .map(each -> each.content)
                .orElse(entry.content);
    }

    private void done(Operation operation) {
        operations.add(operation);
        history.add(
                operation.kind == What.NAMES || history.isEmpty()
                        ? new TreeMap<>(names)
                        : history.get(history.size() - 1));
        observer.accept(operations.size());
    }

    private void named(Entry entry) {
        done(new Operation(What.NAMES, entry, entry.content));
    }

    private int newNumber() {
        var used = new TreeSet<Integer>();
        names.values().forEach(entry -> used.add(entry.number));
        int number = 1;
        while (used.contains(number)) {
            number++;
        }
        return number;
    }

    // Disk.

    private Entry require(String name) throws NoSuchFileException {
        var entry = names.get(name);
        if (entry == null) {
            throw new NoSuchFileException(name);
        }
        return entry;
    }

    private void requireParent(String name) throws FileSystemException {
        if (require(Names.parent(name)).kind != Kind.DIRECTORY) {
            throw new NotDirectoryException(name);
        }
    }

    private void requireSpace() throws FileSystemException {
        if (fullDisk) {
            throw new FileSystemException("disk", null, "No space left on device");
        }
    }

    @Override
    public synchronized Optional<Stat> stat(String name) {
        var entry = names.get(name);
        if (entry == null) {
            return Optional.empty();
        }
        int count = (int) names.values().stream().filter(each -> each == entry).count();
        return Optional.of(
                new Stat(entry.kind, String.valueOf(entry.number), entry.content.length, entry.modified, count));
    }

    @Override
    public synchronized List<String> list(String directory) throws IOException {
        if (require(directory).kind != Kind.DIRECTORY) {
            throw new NotDirectoryException(directory);
        }
        return names.keySet().stream()
                .filter(name -> !name.isEmpty() && Names.parent(name).equals(directory))
                .map(Names::last)
                .toList();
    }

    @Override
    public synchronized DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
        var found = names.get(name);
        if (found == null) {
            if (!options.contains(StandardOpenOption.CREATE) && !options.contains(StandardOpenOption.CREATE_NEW)) {
                throw new NoSuchFileException(name);
            }
            requireParent(name);
            requireSpace();
            found = new Entry(Kind.FILE, newNumber());
            names.put(name, found);
            named(found);
        } else if (options.contains(StandardOpenOption.CREATE_NEW)) {
            throw new FileAlreadyExistsException(name);
        }
        if (found.kind != Kind.FILE) {
            throw new FileSystemException(name, null, "not a file");
        }
        if (options.contains(StandardOpenOption.TRUNCATE_EXISTING) && found.content.length > 0) {
            write(found, new byte[0]);
        }
        return new SimulatedFile(found);
    }

    private synchronized void write(Entry entry, byte[] content) {
        var before = entry.content;
        entry.content = content;
        entry.modified++;
        done(new Operation(What.WRITE, entry, before));
    }

    private final class SimulatedFile implements DiskFile {
        private final Entry entry;

        SimulatedFile(Entry entry) {
            this.entry = entry;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            synchronized (SimulatedTree.this) {
                return readAt(target, position);
            }
        }

        private int readAt(ByteBuffer target, long position) {
            if (position >= entry.content.length) {
                return -1;
            }
            int length = (int) Math.min(target.remaining(), entry.content.length - position);
            target.put(entry.content, (int) position, length);
            return length;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            synchronized (SimulatedTree.this) {
                requireSpace();
                int end = (int) position + source.remaining();
                var content = Arrays.copyOf(entry.content, Math.max(end, entry.content.length));
                source.get(content, (int) position, source.remaining());
                SimulatedTree.this.write(entry, content);
            }
        }

        @Override
        public long size() {
            return entry.content.length;
        }

        @Override
        public void resize(long size) {
            if (size != entry.content.length) {
                // One thread alone resizes.
                SimulatedTree.this.write(entry, Arrays.copyOf(entry.content, (int) size));
            }
        }

        @Override
        public void force() {
            synchronized (SimulatedTree.this) {
                done(new Operation(What.FORCE, entry, entry.content));
            }
        }

        @Override
        public @Nullable FileChannel channel() {
            return null;
        }

        @Override
        public void close() {}
    }

    @Override
    public synchronized void createDirectory(String name) throws IOException {
        if (fullForDirectories) {
            throw new FileSystemException(name, null, "No space left on device");
        }
        add(name, new Entry(Kind.DIRECTORY, newNumber()));
    }

    @Override
    public synchronized void createLink(String name, String target) throws IOException {
        var link = new Entry(Kind.LINK, newNumber());
        link.target = target;
        add(name, link);
    }

    private void add(String name, Entry entry) throws IOException {
        requireParent(name);
        if (names.containsKey(name)) {
            throw new FileAlreadyExistsException(name);
        }
        requireSpace();
        names.put(name, entry);
        named(entry);
    }

    @Override
    public synchronized String readLink(String name) throws IOException {
        return require(name).target;
    }

    @Override
    public synchronized void addName(String existing, String added) throws IOException {
        add(added, require(existing));
    }

    @Override
    public synchronized void delete(String name) throws IOException {
        var entry = require(name);
        if (entry.kind == Kind.DIRECTORY && !list(name).isEmpty()) {
            throw new DirectoryNotEmptyException(name);
        }
        names.remove(name);
        named(entry);
    }

    @Override
    public synchronized void rename(String from, String to) throws IOException {
        var entry = require(from);
        requireParent(to);
        var target = names.get(to);
        if (target != null && target != entry) {
            if (target.kind == Kind.DIRECTORY && (entry.kind != Kind.DIRECTORY || !list(to).isEmpty())) {
                throw new DirectoryNotEmptyException(to);
            }
            if (entry.kind == Kind.DIRECTORY && target.kind != Kind.DIRECTORY) {
                throw new NotDirectoryException(to);
            }
        }
        var moved = new TreeMap<String, Entry>();
        names.forEach((name, each) -> {
            if (Names.isWithin(name, from)) {
                moved.put(to + name.substring(from.length()), each);
            }
        });
        names.keySet().removeIf(name -> Names.isWithin(name, from));
        names.putAll(moved);
        named(entry);
    }

    @Override
    public synchronized void forceDirectory(String name) throws IOException {
        var entry = require(name);
        done(new Operation(What.FORCE_NAMES, entry, entry.content));
    }

    @Override
    public synchronized Map<String, Object> readAttributes(String name, String attributes) throws IOException {
        var entry = require(name);
        if (attributes.startsWith("user:")) {
            return Map.of();
        }
        var time = FileTime.from(entry.modified, TimeUnit.NANOSECONDS);
        var all = new HashMap<String, Object>();
        all.put("lastModifiedTime", time);
        all.put("lastAccessTime", time);
        all.put("creationTime", time);
        all.put("size", (long) entry.content.length);
        all.put("isRegularFile", entry.kind == Kind.FILE);
        all.put("isDirectory", entry.kind == Kind.DIRECTORY);
        all.put("isSymbolicLink", entry.kind == Kind.LINK);
        all.put("isOther", false);
        all.put("fileKey", entry.number);
        return all;
    }

    @Override
    public synchronized void setAttribute(String name, String attribute, Object value) throws IOException {
        var entry = require(name);
        if (attribute.endsWith("lastModifiedTime")) {
            entry.modified = ((FileTime) value).to(TimeUnit.NANOSECONDS);
        } else {
            entry.attributes.put(attribute, value);
        }
    }

    @Override
    public boolean isWritable(String directory) {
        return true;
    }

    @Override
    public boolean isOnDevice(String directory) {
        return true;
    }

    @Override
    public void requirePossible(String name) {
        // Every name is.
    }

    @Override
    public Set<String> attributeViews() {
        return Set.of("basic");
    }

    @Override
    public @Nullable Path path(String name) {
        return null;
    }
}
