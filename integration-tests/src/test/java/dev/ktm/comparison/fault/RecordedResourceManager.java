package dev.ktm.comparison.fault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/**
 * A resource manager whose branches are lines of a file: they survive the death of a process, and several processes share them.
 * It is down while there is a second file. Its calls heed no interrupts. Safe for many threads.
 */
final class RecordedResourceManager {

    /** What happens at a call of a branch, perhaps instead of it. */
    @FunctionalInterface
    interface Hook {
        Hook NONE = (point, name, key) -> {};

        void reached(Point point, String name, String key) throws XAException;
    }

    /** Between which calls. */
    enum Point {
        /** It is prepared; nobody has heard of it. */
        AFTER_PREPARE,
        /** It is asked to commit. */
        BEFORE_COMMIT
    }

    private final String name;
    private final Path file;
    private final Path down;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, String> keys = new LinkedHashMap<>();
    private final Map<String, BranchState> states = new LinkedHashMap<>();
    private final Map<String, BranchState> byKey = new LinkedHashMap<>();
    private long read;

    /** The one of this name in this directory. */
    RecordedResourceManager(Path directory, String name) {
        this.name = name;
        this.file = directory.resolve(name + ".branches");
        this.down = directory.resolve(name + ".down");
    }

    String name() {
        return name;
    }

    /** A session whose work belongs to a transaction of the client, which is known by this key. */
    XAResource session(String key, Hook hook) {
        return new RecordedResource(this, key, hook);
    }

    /** A session to recover with. */
    XAResource session() throws XAException {
        checkUp();
        return session("-", Hook.NONE);
    }

    void goDown() throws IOException {
        Files.writeString(down, "", US_ASCII);
    }

    void comeBack() throws IOException {
        Files.deleteIfExists(down);
    }

    void checkUp() throws XAException {
        if (Files.exists(down)) {
            throw failure(XAException.XAER_RMFAIL, name + " is down");
        }
    }

    /** What became of the branch of each key that was ever prepared. */
    Map<String, BranchState> states() {
        lock.lock();
        try {
            catchUp();
            return new TreeMap<>(byKey);
        } finally {
            lock.unlock();
        }
    }

    /** The branches that wait to be told. */
    List<Xid> prepared() {
        lock.lock();
        try {
            catchUp();
            var found = new ArrayList<Xid>();
            states.forEach((xid, state) -> {
                if (state == BranchState.PREPARED) {
                    found.add(new RecordedXid(xid));
                }
            });
            return found;
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    BranchState state(Xid xid) {
        lock.lock();
        try {
            catchUp();
            return states.get(RecordedXid.text(xid));
        } finally {
            lock.unlock();
        }
    }

    /** Writes down where a branch stands from now on. */
    void record(Xid xid, BranchState state, String key) {
        var line = state + " " + RecordedXid.text(xid) + " " + key + "\n";
        // One write in append mode: processes do not cut each other's lines.
        try (var output = new FileOutputStream(file.toFile(), true)) {
            output.write(line.getBytes(US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads what processes have added. The caller holds the lock. */
    private void catchUp() {
        if (!Files.exists(file)) {
            return;
        }
        try (var input = new RandomAccessFile(file.toFile(), "r")) {
            input.seek(read);
            var bytes = new byte[Math.toIntExact(input.length() - read)];
            input.readFully(bytes);
            var all = new String(bytes, US_ASCII);
            // The last line may be on its way.
            var whole = all.substring(0, all.lastIndexOf('\n') + 1);
            read += whole.length();
            for (var line : whole.split("\n")) {
                if (!line.isEmpty()) {
                    var fields = line.split(" ");
                    var state = BranchState.valueOf(fields[0]);
                    states.put(fields[1], state);
                    // Recovery knows no keys. Some products use an identifier again after a restart: the last key
                    // counts.
                    if (!fields[2].equals("-")) {
                        keys.put(fields[1], fields[2]);
                    }
                    byKey.put(keys.getOrDefault(fields[1], fields[1]), state);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static XAException failure(int code, String message) {
        var failure = new XAException(message);
        failure.errorCode = code;
        return failure;
    }

    /** An identifier that was read: format, global part and branch. */
    private record RecordedXid(String text) implements Xid {

        static String text(Xid xid) {
            var hex = HexFormat.of();
            return xid.getFormatId() + ":" + hex.formatHex(xid.getGlobalTransactionId()) + ":"
                    + hex.formatHex(xid.getBranchQualifier());
        }

        private String part(int number) {
            return text.split(":", -1)[number];
        }

        @Override
        public int getFormatId() {
            return Integer.parseInt(part(0));
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return HexFormat.of().parseHex(part(1));
        }

        @Override
        public byte[] getBranchQualifier() {
            return HexFormat.of().parseHex(part(2));
        }
    }
}
