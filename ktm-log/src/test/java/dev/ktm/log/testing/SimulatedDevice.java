package dev.ktm.log.testing;

import dev.ktm.log.storage.DeviceBusyException;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that remembers everything that was done to it, fails on demand, and can be damaged.
 *
 * <p>It works at once and without loss, as the page cache does. What a power loss would have left is found afterwards
 * by {@link CrashStates} from the {@link #history}. A write is at risk from its start until its own force has
 * returned; a creation's size until the file is forced; a change of names until the directory is.
 *
 * <p>What fails is not made up for by a later force: what a failed force should have forced, and a failed write,
 * create, rename or delete itself, stay at risk for good, so recovery meets both outcomes. Reads are not remembered.
 * Safe for many threads; hooks run outside of the lock.
 */
public final class SimulatedDevice implements LogDevice {

    /** A file apart from its name. Guarded by the lock. */
    static final class Inode {
        private final int number;
        private FileContent content;

        private Inode(int number, FileContent content) {
            this.number = number;
            this.content = content;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final TreeMap<String, Inode> files = new TreeMap<>();
    private final ArrayList<Operation> operations = new ArrayList<>();
    private DiskImage base;
    private int nextInode = 1;
    private @Nullable SimulatedOwnership owner;
    private Faults faults = new Faults(FaultPlan.none());
    private Predicate<String> lyingAboutForce = name -> false;
    private Predicate<String> lyingAboutDirectory = name -> false;
    private volatile OperationHook hook = OperationHook.NONE;

    /** An empty disk. */
    public SimulatedDevice() {
        this(DiskImage.EMPTY);
    }

    /** A disk on which this image is durable. Nobody owns it. */
    public SimulatedDevice(DiskImage image) {
        this.base = image;
        for (var entry : image.entries()) {
            files.put(entry.name(), new Inode(entry.inode(), entry.content()));
            nextInode = Math.max(nextInode, entry.inode() + 1);
        }
    }

    @Override
    public String location() {
        return "simulated disk";
    }

    @Override
    public Ownership acquire(String lockName) throws IOException {
        checkName(lockName);
        return perform(OperationKind.ACQUIRE, lockName, () -> {
            if (owner != null) {
                throw new DeviceBusyException(location() + " is in use by this process already");
            }
            var present = files.get(lockName);
            var taken = new SimulatedOwnership(this, lockName, present == null ? add(lockName, 0) : present);
            owner = taken;
            operations.add(new Operation.Acquire(lockName));
            return taken;
        });
    }

    @Override
    public List<String> list() throws IOException {
        return perform(OperationKind.LIST, "", () -> List.copyOf(files.keySet()));
    }

    @Override
    public DeviceFile create(String name, long sizeBytes) throws IOException {
        checkName(name);
        var inode = performOrFail(OperationKind.CREATE, name, planned -> {
            if (files.containsKey(name)) {
                throw new FileAlreadyExistsException(name);
            }
            var full = planned.isEmpty() && sizeBytes > 0 && faults.isFull();
            var fault = full ? Optional.of(FaultPlan.Fault.diskFull()) : planned;
            if (fault.isPresent() && fault.get().isDiskFull()) {
                add(name, 0);
            } else if (fault.isPresent()) {
                operations.add(new Operation.Create(nextInode++, name, 0, false, false));
            }
            failOn(fault);
            return add(name, sizeBytes);
        });
        return new SimulatedFile(this, inode, name, Access.WRITE);
    }

    @Override
    public DeviceFile open(String name, Access access) throws IOException {
        checkName(name);
        var inode = perform(OperationKind.OPEN, name, () -> {
            var found = existing(name);
            operations.add(new Operation.Open(found.number, name, access));
            return found;
        });
        return new SimulatedFile(this, inode, name, access);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        checkName(from);
        checkName(to);
        performOrFail(OperationKind.RENAME, from, fault -> {
            var inode = existing(from);
            var forceable = fault.isEmpty() && !lyingAboutDirectory.test(from) && !lyingAboutDirectory.test(to);
            operations.add(new Operation.Rename(inode.number, from, to, forceable));
            failOn(fault);
            files.remove(from);
            files.put(to, inode);
            return inode;
        });
    }

    @Override
    public void delete(String name) throws IOException {
        checkName(name);
        performOrFail(OperationKind.DELETE, name, fault -> {
            var inode = existing(name);
            var forceable = fault.isEmpty() && !lyingAboutDirectory.test(name);
            operations.add(new Operation.Delete(inode.number, name, forceable));
            failOn(fault);
            files.remove(name);
            return inode;
        });
    }

    @Override
    public void forceDirectory() throws IOException {
        var upTo = point();
        performForce(
                OperationKind.FORCE_DIRECTORY,
                "",
                new Operation.DirectoryForced(upTo),
                new Operation.DirectoryForceFailed(upTo));
    }

    @Override
    public void close() {
        // Files and ownership are closed by those who opened them.
    }

    /** Everything that was done so far. */
    public History history() {
        lock.lock();
        try {
            return new History(base, operations);
        } finally {
            lock.unlock();
        }
    }

    /** How many operations the history has: the present point in it. */
    public int point() {
        lock.lock();
        try {
            return operations.size();
        } finally {
            lock.unlock();
        }
    }

    /** Forgets the history; everything as it stands now counts as durable. Only while no operation is under way. */
    public void forgetHistory() {
        lock.lock();
        try {
            base = imageNow();
            operations.clear();
        } finally {
            lock.unlock();
        }
    }

    /** Puts a mark into the history: what the test knows from here on, for instance that a record is durable. */
    public void mark(Object value) {
        record(new Operation.Mark(value));
    }

    /** A disk of its own with the present content, all of it durable, without owner, history, faults and hook. */
    public SimulatedDevice copy() {
        return new SimulatedDevice(image());
    }

    /** The present content. */
    public DiskImage image() {
        lock.lock();
        try {
            return imageNow();
        } finally {
            lock.unlock();
        }
    }

    /** Lets operations fail by this plan from now on, in place of any earlier plan. Counting starts again. */
    public void injectFaults(FaultPlan plan) {
        lock.lock();
        try {
            faults = new Faults(plan);
        } finally {
            lock.unlock();
        }
    }

    /** How many faults were injected since the plan was given. Zero ends a sweep over the nth operation. */
    public long faultsInjected() {
        lock.lock();
        try {
            return faults.injected();
        } finally {
            lock.unlock();
        }
    }

    /** How many operations of this kind were tried since the fault plan was given. */
    public long attempts(OperationKind kind) {
        lock.lock();
        try {
            return faults.count(kind);
        } finally {
            lock.unlock();
        }
    }

    /** Runs this around every operation from now on. */
    public void hook(OperationHook newHook) {
        this.hook = newHook;
    }

    /** A lying device: from now on forces of these files and of writes to them return, but force nothing. */
    public void lieAboutForce(Predicate<String> names) {
        lock.lock();
        try {
            lyingAboutForce = names;
        } finally {
            lock.unlock();
        }
    }

    /** A lying device: from now on forcing the directory has no effect on changes of these names. */
    public void lieAboutDirectory(Predicate<String> names) {
        lock.lock();
        try {
            lyingAboutDirectory = names;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the device away from its owner: its checks fail from now on, and others may acquire the device. */
    public void loseOwnership() {
        lock.lock();
        try {
            owner = null;
        } finally {
            lock.unlock();
        }
    }

    /** Access to the bytes as they are, for assertions and for damage. */
    public RawAccess raw() {
        return new RawAccess(this);
    }

    long size(Inode inode, String name) throws IOException {
        return perform(OperationKind.SIZE, name, () -> inode.content.size());
    }

    void read(Inode inode, String name, long position, ByteBuffer target) throws IOException {
        // The content never changes, so the copying needs no lock.
        perform(OperationKind.READ, name, () -> inode.content).read(name, position, target);
    }

    void force(Inode inode, String name) throws IOException {
        var upTo = point();
        performForce(
                OperationKind.FORCE,
                name,
                new Operation.Forced(inode.number, name, upTo),
                new Operation.ForceFailed(inode.number, name, upTo));
    }

    void writeThrough(Inode inode, String name, long position, ByteBuffer source) throws IOException {
        if (!source.hasRemaining()) {
            return;
        }
        var blocks = Block.split(source);
        int write = performOrFail(OperationKind.WRITE, name, fault -> write(inode, name, position, blocks, fault));
        performForce(
                OperationKind.WRITE_FORCE,
                name,
                new Operation.WriteForced(write),
                new Operation.WriteForceFailed(write));
        source.position(source.limit());
    }

    void checkOwner(SimulatedOwnership asking, String lockName, Inode lockFile) throws IOException {
        perform(OperationKind.CHECK, lockName, () -> {
            if (owner != asking) {
                throw new IOException("the lock on " + lockName + " was lost");
            }
            if (files.get(lockName) != lockFile) {
                throw new IOException("the lock file " + lockName + " was deleted or replaced");
            }
            return asking;
        });
    }

    void release(SimulatedOwnership giving, String lockName) {
        lock.lock();
        try {
            if (owner == giving) {
                owner = null;
                operations.add(new Operation.Release(lockName));
            }
        } finally {
            lock.unlock();
        }
    }

    FileContent content(String name) {
        lock.lock();
        try {
            var inode = files.get(name);
            if (inode == null) {
                throw new IllegalArgumentException("no file " + name + " among " + files.keySet());
            }
            return inode.content;
        } finally {
            lock.unlock();
        }
    }

    /** Damages the disk behind the back of everybody, and starts the history anew. */
    void damage(Consumer<SortedMap<String, FileContent>> change) {
        lock.lock();
        try {
            var contents = new TreeMap<String, FileContent>();
            files.forEach((name, inode) -> contents.put(name, inode.content));
            change.accept(contents);
            files.keySet().retainAll(contents.keySet());
            contents.forEach((name, content) ->
                    files.computeIfAbsent(name, missing -> new Inode(nextInode++, content)).content = content);
            forgetHistory();
        } finally {
            lock.unlock();
        }
    }

    /** The body of a write, under the lock. Returns its sequence number. */
    private int write(Inode inode, String name, long position, List<Block> blocks, Optional<FaultPlan.Fault> fault)
            throws IOException {
        if (fault.isPresent()) {
            var tear = Tear.of(blocks.size(), fault.get().sectorsWritten(), sector -> false);
            inode.content = inode.content.torn(position, blocks, tear, everySector(blocks.size()));
            operations.add(new Operation.Write(inode.number, name, position, blocks, false));
            throw new IOException(fault.get().message());
        }
        var room = blocksWithRoom(inode, position, blocks.size());
        var failed = room < blocks.size();
        if (room > 0) {
            var fitting = blocks.subList(0, room);
            inode.content = inode.content.written(position, fitting);
            var forceable = !failed && !lyingAboutForce.test(name);
            operations.add(new Operation.Write(inode.number, name, position, fitting, forceable));
        }
        if (failed) {
            throw new IOException(FaultPlan.Fault.diskFull().message());
        }
        return operations.size() - 1;
    }

    /** How many of the blocks to write find room: those that replace written blocks always do. */
    private int blocksWithRoom(Inode inode, long position, int count) {
        for (var i = 0; i < count; i++) {
            if (!inode.content.isWritten(position / Block.BYTES + i) && !faults.takeBlock()) {
                return i;
            }
        }
        return count;
    }

    private static byte[] everySector(int blocks) {
        var all = new byte[blocks];
        Arrays.fill(all, (byte) Block.ALL_SECTORS);
        return all;
    }

    private Inode add(String name, long sizeBytes) {
        var inode = new Inode(nextInode++, FileContent.EMPTY.resized(sizeBytes));
        files.put(name, inode);
        var sizeForceable = !lyingAboutForce.test(name);
        var nameForceable = !lyingAboutDirectory.test(name);
        operations.add(new Operation.Create(inode.number, name, sizeBytes, sizeForceable, nameForceable));
        return inode;
    }

    private Inode existing(String name) throws NoSuchFileException {
        var inode = files.get(name);
        if (inode == null) {
            throw new NoSuchFileException(name);
        }
        return inode;
    }

    private DiskImage imageNow() {
        return new DiskImage(files.entrySet().stream()
                .map(file -> new DiskImage.Entry(file.getKey(), file.getValue().number, file.getValue().content))
                .toList());
    }

    private void record(Operation operation) {
        lock.lock();
        try {
            operations.add(operation);
        } finally {
            lock.unlock();
        }
    }

    /** Does something that leaves a trace whether it succeeds or fails: a failed force is never made up for. */
    private void performForce(OperationKind kind, String name, Operation success, Operation failure)
            throws IOException {
        try {
            perform(kind, name, () -> operations.add(success));
        } catch (IOException | RuntimeException | Error e) {
            record(failure);
            throw e;
        }
    }

    private <T> T perform(OperationKind kind, String name, Body<T> body) throws IOException {
        return performOrFail(kind, name, fault -> {
            failOn(fault);
            return body.run();
        });
    }

    private <T> T performOrFail(OperationKind kind, String name, FailingBody<T> body) throws IOException {
        hook.before(kind, name);
        T result;
        lock.lock();
        try {
            result = body.run(faults.next(kind));
        } finally {
            lock.unlock();
        }
        hook.after(kind, name);
        return result;
    }

    private static void failOn(Optional<FaultPlan.Fault> fault) throws IOException {
        if (fault.isPresent()) {
            throw new IOException(fault.get().message());
        }
    }

    private static void checkName(String name) {
        if (name.isEmpty() || name.equals(".") || name.equals("..") || name.contains("/") || name.contains("\\")) {
            throw new IllegalArgumentException("expected a plain file name, found " + name);
        }
    }

    /** What an operation does, under the lock. */
    @FunctionalInterface
    private interface Body<T> {
        T run() throws IOException;
    }

    /** What an operation does, under the lock, given the fault it is to suffer. */
    @FunctionalInterface
    private interface FailingBody<T> {
        T run(Optional<FaultPlan.Fault> fault) throws IOException;
    }
}
