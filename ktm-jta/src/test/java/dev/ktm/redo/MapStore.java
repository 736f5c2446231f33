package dev.ktm.redo;

import dev.ktm.Ktm;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.KtmTransaction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The simplest store there is: names and values, a lock on each name, and a disk that is a map. */
final class MapStore implements RedoStore, AutoCloseable {

    /** What is in its own file: written as a whole, and durable at once. */
    static final class Disk {
        private volatile Map<String, String> content;
        private final Consumer<Map<String, String>> observer;

        Disk() {
            this(Map.of(), written -> {});
        }

        Disk(Map<String, String> content, Consumer<Map<String, String>> observer) {
            this.content = content;
            this.observer = observer;
        }

        Map<String, String> content() {
            return content;
        }
    }

    private final Disk disk;
    private final Map<String, String> values = new ConcurrentHashMap<>();
    private final Map<String, UUID> locks = new ConcurrentHashMap<>();
    private final Map<UUID, Work> works = new ConcurrentHashMap<>();
    private @Nullable RedoResourceManager resourceManager;
    private volatile @Nullable Exception refusal;
    /** Whether its checkpoints are one behind, as those of a store are that writes them while work goes on. */
    private final boolean lagging;

    private @Nullable Snapshot latest;

    /** What there was at a place in the log. */
    private record Snapshot(long covered, Map<String, String> content) {}

    private MapStore(Disk disk, boolean lagging) {
        this.disk = disk;
        this.lagging = lagging;
    }

    static MapStore open(Ktm ktm, String name, Disk disk) throws IOException, KtmException {
        return open(ktm, name, disk, false);
    }

    static MapStore openLagging(Ktm ktm, String name, Disk disk) throws IOException, KtmException {
        return open(ktm, name, disk, true);
    }

    private static MapStore open(Ktm ktm, String name, Disk disk, boolean lagging) throws IOException, KtmException {
        var store = new MapStore(disk, lagging);
        var opened = RedoResourceManager.open(ktm.manager(), "map", name, store);
        store.resourceManager = opened;
        opened.opened();
        return store;
    }

    RedoResourceManager resourceManager() {
        return Objects.requireNonNull(resourceManager);
    }

    Map<String, String> values() {
        return new TreeMap<>(values);
    }

    Set<String> locked() {
        return Set.copyOf(locks.keySet());
    }

    void refusesToPrepare(Exception why) {
        refusal = why;
    }

    /** Takes part without a change. */
    Work join(KtmTransaction transaction) throws KtmException {
        var unitOfWork = transaction.unitOfWork();
        var known = works.get(unitOfWork);
        if (known == null) {
            known = new Work(unitOfWork);
            works.put(unitOfWork, known);
            known.part = resourceManager().enlist(unitOfWork, known);
        }
        return known;
    }

    void put(KtmTransaction transaction, String name, String value) throws KtmException {
        var work = join(transaction);
        if (locks.putIfAbsent(name, work.unitOfWork) != null && !work.changes.containsKey(name)) {
            throw new IllegalStateException("locked: " + name);
        }
        work.changes.put(name, value);
    }

    void putPlain(String name, String value, boolean forced) throws IOException {
        var note = encode(Map.of(name, value)).get(0);
        if (forced) {
            resourceManager().noteForced(note, lsn -> values.put(name, value));
        } else {
            resourceManager().note(note, lsn -> values.put(name, value));
        }
    }

    private static List<ByteBuffer> encode(Map<String, String> changes) {
        return changes.entrySet().stream()
                .map(each -> StandardCharsets.UTF_8.encode(each.getKey() + "=" + each.getValue() + "\n"))
                .toList();
    }

    private static Map<String, String> decode(List<ByteBuffer> redo) {
        // They may be cut anywhere; characters are not, as long as they are of one byte.
        return redo.stream()
                .map(part -> StandardCharsets.UTF_8.decode(part.duplicate()).toString())
                .collect(Collectors.joining())
                .lines()
                .map(text -> text.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    }

    final class Work implements RedoWork {
        private final UUID unitOfWork;
        private final Map<String, String> changes = new TreeMap<>();
        private RedoResourceManager.@Nullable Part part;

        private Work(UUID unitOfWork) {
            this.unitOfWork = unitOfWork;
        }

        RedoResourceManager.Part part() {
            return Objects.requireNonNull(part);
        }

        @Override
        public boolean hasChanges() {
            return !changes.isEmpty();
        }

        @Override
        public List<ByteBuffer> prepare() throws Exception {
            var why = refusal;
            if (why != null) {
                throw why;
            }
            return encode(changes);
        }

        @Override
        public void committed(long lsn) {
            values.putAll(changes);
            letGo();
        }

        @Override
        public void rolledBack() {
            letGo();
        }

        private void letGo() {
            locks.values().removeIf(unitOfWork::equals);
            works.remove(unitOfWork);
        }
    }

    @Override
    public void restore(ByteBuffer checkpoint) throws IOException {
        if (checkpoint.getInt() != 42) {
            throw new IOException("not our checkpoint");
        }
        values.putAll(disk.content);
    }

    @Override
    public void redo(long lsn, List<ByteBuffer> redo) {
        values.putAll(decode(redo));
    }

    @Override
    public void note(long lsn, ByteBuffer note) {
        values.putAll(decode(List.of(note)));
    }

    @Override
    public RedoWork prepared(UUID unitOfWork, List<ByteBuffer> redo) {
        var work = new Work(unitOfWork);
        work.changes.putAll(decode(redo));
        for (var name : new HashSet<>(work.changes.keySet())) {
            locks.put(name, unitOfWork);
        }
        works.put(unitOfWork, work);
        return work;
    }

    @Override
    public void restored() {}

    @Override
    public void tidy() throws IOException {
        var now = new Snapshot[1];
        resourceManager().at(lsn -> {
            now[0] = new Snapshot(lsn, Map.copyOf(values));
            return lsn;
        });
        var chosen = lagging ? latest : now[0];
        latest = now[0];
        if (chosen == null) {
            return;
        }
        disk.content = chosen.content();
        disk.observer.accept(chosen.content());
        resourceManager()
                .checkpoint(
                        chosen.covered(),
                        ByteBuffer.allocate(Integer.BYTES).putInt(42).flip());
    }

    @Override
    public void close() {
        resourceManager().close();
    }
}
