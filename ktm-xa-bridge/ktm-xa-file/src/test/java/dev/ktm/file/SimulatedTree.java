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
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
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
 * written is as before, whole, half, or zeros, each file for itself. Attributes are kept as names are, or as they were when the file was
 * forced, if that was later. Numbers of files are used again at once.
 */
final class SimulatedTree implements Disk {

    /** Told after each operation how many there were. */
    private final Consumer<Integer> observer;

    private static final int FILE_MODE = 0644;
    private static final int DIRECTORY_MODE = 0755;
    private static final long TICK_NANOS = 1_000_000;

    private final Map<String, Entry> names;
    private final List<Moment> history = new ArrayList<>();
    private Moment base;
    private long forces;
    private volatile boolean fullDisk;
    private volatile boolean fullForDirectories;
    private long nowNanos;

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
        Facts facts;

        Entry(Kind kind, int number, String target, Facts facts) {
            this.kind = kind;
            this.number = number;
            this.target = target;
            this.facts = facts;
        }
    }

    /** What is known of a file beside its content. */
    private record Facts(long modified, int mode) {}

    /** What a force has made durable of a file, and how many operations there were then. */
    private record Forced(int operations, Facts facts) {}

    /**
     * How everything was after an operation. None of the maps is changed any more.
     *
     * @param contents of every file that was ever written
     * @param atRisk what was forced of each file that was written since
     * @param facts of every object that there ever was
     * @param forced what was forced last of each file
     * @param durableNames how many operations there were when the names were forced last
     */
    private record Moment(
            Map<String, Entry> names,
            Map<Entry, Content> contents,
            Map<Entry, Content> atRisk,
            Map<Entry, Facts> facts,
            Map<Entry, Forced> forced,
            int durableNames) {

        static Moment durable(Map<String, Entry> names) {
            var contents = new HashMap<Entry, Content>();
            var facts = new HashMap<Entry, Facts>();
            names.values().forEach(entry -> {
                contents.put(entry, entry.content);
                facts.put(entry, entry.facts);
            });
            return new Moment(new TreeMap<>(names), contents, Map.of(), facts, Map.of(), 0);
        }

        private static <T> Map<Entry, T> with(Map<Entry, T> former, Entry entry, T value) {
            var all = new HashMap<>(former);
            all.put(entry, value);
            return all;
        }

        Moment named(Map<String, Entry> now, Entry entry) {
            return new Moment(
                    new TreeMap<>(now),
                    contents.containsKey(entry) ? contents : with(contents, entry, entry.content),
                    atRisk,
                    facts.containsKey(entry) ? facts : with(facts, entry, entry.facts),
                    forced,
                    durableNames);
        }

        Moment written(Entry entry, Content before) {
            return new Moment(
                    names,
                    with(contents, entry, entry.content),
                    atRisk.containsKey(entry) ? atRisk : with(atRisk, entry, before),
                    with(facts, entry, entry.facts),
                    forced,
                    durableNames);
        }

        Moment attributed(Entry entry) {
            return new Moment(names, contents, atRisk, with(facts, entry, entry.facts), forced, durableNames);
        }

        Moment forced(Entry entry, int operations) {
            var others = new HashMap<>(atRisk);
            others.remove(entry);
            return new Moment(
                    names,
                    contents,
                    others,
                    facts,
                    with(forced, entry, new Forced(operations, entry.facts)),
                    durableNames);
        }

        Moment namesForced(int operations) {
            return new Moment(names, contents, atRisk, facts, forced, operations);
        }
    }

    SimulatedTree(Consumer<Integer> observer) {
        this(new TreeMap<>(Map.of("", new Entry(Kind.DIRECTORY, 1, "", new Facts(0, DIRECTORY_MODE)))), 0, observer);
    }

    private SimulatedTree(Map<String, Entry> content, long nowNanos, Consumer<Integer> observer) {
        this.names = content;
        this.nowNanos = nowNanos;
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

    /** As {@link #tree}, with the attributes that can be set. */
    synchronized Map<String, String> attributedTree() {
        var all = new TreeMap<>(tree());
        all.replaceAll((name, what) -> {
            var entry = names.get(name);
            return entry == null || entry.kind == Kind.LINK
                    ? what
                    : what + " " + Integer.toOctalString(entry.facts.mode())
                            + (entry.kind == Kind.FILE ? " " + entry.facts.modified() : "");
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
                    + entry.facts.hashCode() * 0x8CB92BA72F3D8DD7L
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
                copy = new Entry(entry.kind, entry.number, entry.target, factsLeft(crash, kept, entry));
                // Its content is as of the crash, whichever names are left.
                copy.content = left(crash, entry, choice);
                copies.put(entry, copy);
            }
            left.put(each.getKey(), copy);
        }
        return new SimulatedTree(left, nowNanos, newObserver);
    }

    private Facts factsLeft(Moment crash, int kept, Entry entry) {
        var forced = crash.forced().get(entry);
        return forced != null && forced.operations() > kept
                ? forced.facts()
                : at(kept).facts().getOrDefault(entry, entry.facts);
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

    private long tick() {
        nowNanos += TICK_NANOS;
        return nowNanos;
    }

    private Entry made(Kind kind, String target) {
        return new Entry(
                kind, newNumber(), target, new Facts(tick(), kind == Kind.DIRECTORY ? DIRECTORY_MODE : FILE_MODE));
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
                entry.facts.modified(),
                count,
                Optional.of(new Owned(0, 0, entry.facts.mode()))));
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
            found = made(Kind.FILE, "");
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
        entry.facts = new Facts(tick(), entry.facts.mode());
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
                done(now().forced(entry, history.size() + 1));
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
        add(name, made(Kind.DIRECTORY, ""));
    }

    @Override
    public synchronized void createLink(String name, String target) throws IOException {
        add(name, made(Kind.LINK, target));
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
        var time = FileTime.from(entry.facts.modified(), TimeUnit.NANOSECONDS);
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
        if (attributes.startsWith("posix:")) {
            all.put("permissions", permissions(entry.facts.mode()));
        }
        return all;
    }

    @Override
    public synchronized void setAttribute(String name, String attribute, Object value) throws IOException {
        var entry = require(name);
        var now = entry.facts;
        entry.facts = switch (attribute) {
            case "basic:lastModifiedTime" -> new Facts(((FileTime) value).to(TimeUnit.NANOSECONDS), now.mode());
            case "unix:mode" -> new Facts(now.modified(), (int) value);
            case "posix:permissions" -> new Facts(now.modified(), mode((Set<?>) value));
            case "unix:uid", "unix:gid" -> now;
            default ->
                throw new UnsupportedOperationException("expected an attribute that is there, found " + attribute);
        };
        if (!entry.facts.equals(now)) {
            done(now().attributed(entry));
        }
    }

    private static int mode(Set<?> permissions) {
        int mode = 0;
        for (var each : PosixFilePermission.values()) {
            mode = (mode << 1) | (permissions.contains(each) ? 1 : 0);
        }
        return mode;
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        var all = EnumSet.noneOf(PosixFilePermission.class);
        var each = PosixFilePermission.values();
        for (int i = 0; i < each.length; i++) {
            if (((mode >> (each.length - 1 - i)) & 1) != 0) {
                all.add(each[i]);
            }
        }
        return all;
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
        return Set.of("basic", "posix");
    }

    @Override
    public @Nullable Path path(String name) {
        return null;
    }
}
