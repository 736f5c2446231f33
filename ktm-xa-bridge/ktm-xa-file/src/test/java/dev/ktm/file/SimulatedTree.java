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
 * written is as before, whole, half, or zeros, each file for itself. Numbers of files are used again at once.
 */
final class SimulatedTree implements Disk {

    /** Told after each operation how many there were. */
    private final Consumer<Integer> observer;

    private final Map<String, Entry> names;
    private final List<Moment> history = new ArrayList<>();
    private Moment base;
    private long forces;
    private volatile boolean fullDisk;
    private volatile boolean fullForDirectories;

    /** The bytes of a file; they never change. */
    private static final class Content {
        static final Content EMPTY = new Content(new byte[0]);

        final byte[] bytes;
        private long hash;
        private @Nullable Content half;
        private @Nullable Content zeros;

        Content(byte[] bytes) {
            this.bytes = bytes;
        }

        long hash() {
            if (hash == 0) {
                long sum = bytes.length + 1L;
                for (byte each : bytes) {
                    sum = sum * 0x5851F42D4C957F2DL + each;
                }
                hash = sum;
            }
            return hash;
        }

        /** Tells contents apart; as {@link #describe} has it. */
        @Override
        public String toString() {
            return Long.toHexString(hash()) + ":" + bytes.length;
        }

        /** What is left of it if the second half has not reached the disk. */
        Content half() {
            var known = half;
            if (known == null) {
                known = new Content(Arrays.copyOf(bytes, bytes.length / 2));
                half = known;
            }
            return known;
        }

        /** What is left of it if only its size has reached the disk. */
        Content zeros() {
            var known = zeros;
            if (known == null) {
                known = new Content(new byte[bytes.length]);
                zeros = known;
            }
            return known;
        }
    }

    /** A file, a directory or a link. */
    private static final class Entry {
        final Kind kind;
        final int number;
        final String target;
        Content content = Content.EMPTY;
        long modified;
        final Map<String, Object> attributes = new TreeMap<>();

        Entry(Kind kind, int number, String target) {
            this.kind = kind;
            this.number = number;
            this.target = target;
        }

        Entry copy() {
            var copy = new Entry(kind, number, target);
            copy.content = content;
            copy.modified = modified;
            copy.attributes.putAll(attributes);
            return copy;
        }
    }

    /**
     * How everything was after an operation. None of the maps is changed any more.
     *
     * @param contents of every file that was ever written
     * @param atRisk what was forced of each file that was written since
     * @param durableNames how many operations there were when the names were forced last
     */
    private record Moment(
            Map<String, Entry> names, Map<Entry, Content> contents, Map<Entry, Content> atRisk, int durableNames) {

        static Moment durable(Map<String, Entry> names) {
            var contents = new HashMap<Entry, Content>();
            names.values().forEach(entry -> contents.put(entry, entry.content));
            return new Moment(new TreeMap<>(names), contents, Map.of(), 0);
        }

        private static Map<Entry, Content> with(Map<Entry, Content> former, Entry entry, Content content) {
            var all = new HashMap<>(former);
            all.put(entry, content);
            return all;
        }

        Moment named(Map<String, Entry> now, Entry entry) {
            return new Moment(
                    new TreeMap<>(now),
                    contents.containsKey(entry) ? contents : with(contents, entry, entry.content),
                    atRisk,
                    durableNames);
        }

        Moment written(Entry entry, Content before) {
            return new Moment(
                    names,
                    with(contents, entry, entry.content),
                    atRisk.containsKey(entry) ? atRisk : with(atRisk, entry, before),
                    durableNames);
        }

        Moment forced(Entry entry) {
            var others = new HashMap<>(atRisk);
            others.remove(entry);
            return new Moment(names, contents, others, durableNames);
        }

        Moment namesForced(int operations) {
            return new Moment(names, contents, atRisk, operations);
        }
    }

    SimulatedTree(Consumer<Integer> observer) {
        this(new TreeMap<>(Map.of("", new Entry(Kind.DIRECTORY, 1, ""))), observer);
    }

    private SimulatedTree(Map<String, Entry> content, Consumer<Integer> observer) {
        this.names = content;
        this.base = Moment.durable(names);
        this.observer = observer;
    }

    /** Everything as it is counts as durable from now on. */
    synchronized void forgetHistory() {
        history.clear();
        forces = 0;
        base = Moment.durable(names);
    }

    void setFull(boolean value) {
        fullDisk = value;
    }

    void setFullForDirectories(boolean value) {
        fullForDirectories = value;
    }

    /** As {@link #tree} has it. */
    static String describe(byte[] content) {
        return new Content(content).toString();
    }

    /** Names and contents, without what is the manager's own. */
    synchronized Map<String, String> tree() {
        var all = new TreeMap<String, String>();
        names.forEach((name, entry) -> {
            if (!name.isEmpty() && !Names.isWithin(name, WorkArea.HIDDEN)) {
                all.put(
                        name,
                        switch (entry.kind) {
                            case FILE -> entry.content.toString();
                            case DIRECTORY -> "/";
                            default -> "-> " + entry.target;
                        });
            }
        });
        return all;
    }

    /** Tells two trees apart: all names, and what they stand for, the manager's own included. */
    synchronized long hash() {
        long sum = 0;
        for (var each : names.entrySet()) {
            var entry = each.getValue();
            long one = each.getKey().hashCode() * 0x9E3779B97F4A7C15L
                    + entry.content.hash() * 31
                    + entry.number * 0xD1B54A32D192ED03L
                    + entry.kind.name().hashCode()
                    + entry.target.hashCode() * 0x94D049BB133111EBL;
            one = (one ^ one >>> 30) * 0xBF58476D1CE4E5B9L;
            sum += one ^ one >>> 27;
        }
        return sum;
    }

    /** What is left in the manager's work area. */
    synchronized long working() {
        return names.keySet().stream()
                .filter(name -> name.startsWith(WorkArea.WORK + "/"))
                .count();
    }

    /** What the manager has put aside, because it took it for somebody else's. */
    synchronized List<String> setAside() {
        return names.keySet().stream()
                .filter(name -> name.startsWith(WorkArea.ASIDE + "/"))
                .toList();
    }

    synchronized int point() {
        return history.size();
    }

    // What a power cut leaves.

    /** Chooses among what may have survived: a number from 0 to one less than the bound. */
    interface Choice {
        int of(int bound);
    }

    private Moment at(int point) {
        return point == 0 ? base : history.get(point - 1);
    }

    /** What may be found after a power cut once so many operations had been done. */
    synchronized SimulatedTree survivor(int point, Choice choice, Consumer<Integer> newObserver) {
        var crash = at(point);
        int kept = crash.durableNames() + choice.of(point - crash.durableNames() + 1);
        var copies = new HashMap<Entry, Entry>();
        var left = new TreeMap<String, Entry>();
        for (var each : at(kept).names().entrySet()) {
            var entry = each.getValue();
            var copy = copies.get(entry);
            if (copy == null) {
                copy = entry.copy();
                // Its content is as of the crash, whichever names are left.
                copy.content = left(crash, entry, choice);
                copies.put(entry, copy);
            }
            left.put(each.getKey(), copy);
        }
        return new SimulatedTree(left, newObserver);
    }

    private static Content left(Moment crash, Entry entry, Choice choice) {
        var content = crash.contents().getOrDefault(entry, Content.EMPTY);
        var before = crash.atRisk().get(entry);
        if (before == null) {
            return content;
        }
        return switch (choice.of(4)) {
            case 0 -> before;
            case 1 -> content.half();
            case 2 -> content.zeros();
            default -> content;
        };
    }

    private void done(Moment moment) {
        history.add(moment);
        observer.accept(history.size());
    }

    private Moment now() {
        return at(history.size());
    }

    private void named(Entry entry) {
        done(now().named(names, entry));
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
        return Optional.of(new Stat(
                entry.kind,
                String.valueOf(entry.number),
                entry.content.bytes.length,
                entry.modified,
                count,
                Optional.empty()));
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
            found = new Entry(Kind.FILE, newNumber(), "");
            names.put(name, found);
            named(found);
        } else if (options.contains(StandardOpenOption.CREATE_NEW)) {
            throw new FileAlreadyExistsException(name);
        }
        if (found.kind != Kind.FILE) {
            throw new FileSystemException(name, null, "not a file");
        }
        if (options.contains(StandardOpenOption.TRUNCATE_EXISTING) && found.content.bytes.length > 0) {
            write(found, new byte[0]);
        }
        return new SimulatedFile(found);
    }

    private synchronized void write(Entry entry, byte[] content) {
        var before = entry.content;
        entry.content = new Content(content);
        entry.modified++;
        done(now().written(entry, before));
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
            if (position >= entry.content.bytes.length) {
                return -1;
            }
            int length = (int) Math.min(target.remaining(), entry.content.bytes.length - position);
            target.put(entry.content.bytes, (int) position, length);
            return length;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            synchronized (SimulatedTree.this) {
                requireSpace();
                int end = (int) position + source.remaining();
                var content = Arrays.copyOf(entry.content.bytes, Math.max(end, entry.content.bytes.length));
                source.get(content, (int) position, source.remaining());
                SimulatedTree.this.write(entry, content);
            }
        }

        @Override
        public long size() {
            return entry.content.bytes.length;
        }

        @Override
        public void resize(long size) {
            if (size != entry.content.bytes.length) {
                // One thread alone resizes.
                SimulatedTree.this.write(entry, Arrays.copyOf(entry.content.bytes, (int) size));
            }
        }

        @Override
        public void force() {
            synchronized (SimulatedTree.this) {
                forces++;
                done(now().forced(entry));
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
        add(name, new Entry(Kind.DIRECTORY, newNumber(), ""));
    }

    @Override
    public synchronized void createLink(String name, String target) throws IOException {
        add(name, new Entry(Kind.LINK, newNumber(), target));
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
        if (require(name).kind != Kind.DIRECTORY) {
            throw new NotDirectoryException(name);
        }
        forces++;
        done(now().namesForced(history.size() + 1));
    }

    @Override
    public synchronized long forces() {
        return forces;
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
        all.put("size", (long) entry.content.bytes.length);
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
