package dev.ktm.file;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Who has what open, and who has changed it. Whole files are locked, and names; a conflict is refused at once and never waited for,
 * so that there are no deadlocks. The rules are those of TxF: a transaction that has changed a file keeps it until it ends; what is
 * read in a transaction is not written outside of any; and whoever reads outside of transactions bothers nobody. Safe for many
 * threads.
 */
final class FileLocks {

    /** What a handle does. */
    enum Use {
        READ,
        WRITE
    }

    /** Who a handle belongs to: a transaction, or nobody. */
    record Owner(@Nullable UUID transaction) {
        static final Owner NOBODY = new Owner(null);

        boolean isTransaction() {
            return transaction != null;
        }
    }

    /** One open handle. */
    final class Hold implements AutoCloseable {
        private final Entry entry;
        /** If it has several names: what stands for all of them. */
        private final @Nullable Entry file;

        private final Owner owner;
        private final Use use;
        private final Set<Deny> denied;
        private boolean closed;

        private Hold(Entry entry, @Nullable Entry file, Owner owner, Use use, Set<Deny> denied) {
            this.entry = entry;
            this.file = file;
            this.owner = owner;
            this.use = use;
            this.denied = denied;
        }

        /** How often the file was changed by a commit, counted while somebody has it open. */
        long version() {
            return entry.version.get();
        }

        @Override
        public void close() {
            lock.lock();
            try {
                drop();
                var transaction = owner.transaction();
                var others = transaction == null ? null : held.get(transaction);
                if (others != null && others.remove(this) && others.isEmpty()) {
                    held.remove(transaction);
                }
            } finally {
                lock.unlock();
            }
        }

        private void drop() {
            if (!closed) {
                closed = true;
                entry.letGo(this);
                if (file != null) {
                    file.letGo(this);
                }
            }
        }
    }

    private final class Entry {
        final String key;
        final String name;
        final List<Hold> holds = new ArrayList<>();
        /** Whose change it is that others may not touch. */
        @Nullable
        UUID changedBy;
        /** Whether everything below belongs to that transaction, too. */
        boolean wholly;
        /** Whether there is nothing of this name outside of the transaction. */
        boolean reserved;

        final AtomicLong version = new AtomicLong();

        Entry(String key, String name) {
            this.key = key;
            this.name = name;
        }

        void letGo(Hold hold) {
            holds.remove(hold);
            dropIfUnused();
        }

        void dropIfUnused() {
            if (holds.isEmpty() && changedBy == null) {
                entries.remove(key, this);
            }
        }
    }

    /** No name begins like this. */
    private static final String FILE = "\0";

    private final ReentrantLock lock = new ReentrantLock();
    private final NavigableMap<String, Entry> entries = new TreeMap<>();
    private final Map<UUID, List<Entry>> changed = new HashMap<>();
    /** What transactions have open. */
    private final Map<UUID, Set<Hold>> held = new HashMap<>();

    private volatile NameRules rules = NameRules.EXACT;

    /** Takes names for the same from now on that a file system does. */
    void foldWith(NameRules value) {
        rules = value;
    }

    private Entry entry(String name) {
        return entries.computeIfAbsent(rules.fold(name), key -> new Entry(key, name));
    }

    private @Nullable Entry find(String name) {
        return entries.get(rules.fold(name));
    }

    /** What stands for all names of a file that has several: whole files are locked, whatever they are called. */
    static String allNames(Disk.Stat file) {
        return allNames(file.key());
    }

    static String allNames(String key) {
        return FILE + key;
    }

    /** The same for something that may have one name only, or be no file: none then. */
    static @Nullable String otherNames(Disk.Stat stat) {
        return stat.kind() == Disk.Kind.FILE && stat.names() > 1 ? allNames(stat) : null;
    }

    /** Opens a handle of a file with one name, or says who is in the way. */
    Hold open(String name, Owner owner, Use use, Set<Deny> denied) throws TxfException {
        return open(name, null, owner, use, denied);
    }

    /**
     * Opens a handle, or says who is in the way.
     *
     * @param otherNames what stands for all names of the file; none if it has only this one
     */
    Hold open(String name, @Nullable String otherNames, Owner owner, Use use, Set<Deny> denied) throws TxfException {
        lock.lock();
        try {
            requireNotWithin(name, owner, use);
            var entry = entry(name);
            var file = otherNames == null ? null : entry(otherNames);
            try {
                requireOpenable(entry, name, owner, use, denied);
                if (file != null) {
                    requireOpenable(file, name, owner, use, denied);
                }
                var hold = new Hold(entry, file, owner, use, denied.isEmpty() ? Set.of() : EnumSet.copyOf(denied));
                hold(entry, hold);
                if (file != null) {
                    hold(file, hold);
                }
                return hold;
            } finally {
                entry.dropIfUnused();
                if (file != null) {
                    file.dropIfUnused();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private static void requireOpenable(Entry entry, String name, Owner owner, Use use, Set<Deny> denied)
            throws TxfException {
        if (use == Use.WRITE) {
            requireUnchanged(entry, name, owner);
        }
        for (var hold : entry.holds) {
            requireCompatible(name, hold, owner, use, denied);
        }
    }

    private void hold(Entry entry, Hold hold) {
        entry.holds.add(hold);
        var transaction = hold.owner.transaction();
        if (transaction != null) {
            held.computeIfAbsent(transaction, absent -> new LinkedHashSet<>()).add(hold);
            if (hold.use == Use.WRITE) {
                change(entry, transaction);
            }
        }
    }

    /** Fails if another transaction reads it: a file that it sees as it was when it had one name is never written to where it is. */
    void requireNotRead(String name, UUID transaction) throws TxfException {
        lock.lock();
        try {
            var entry = find(name);
            if (entry != null) {
                for (var hold : entry.holds) {
                    var by = hold.owner.transaction();
                    if (by != null && !by.equals(transaction)) {
                        throw new TxfException(
                                TxfError.SHARING_VIOLATION,
                                name,
                                "expected nobody else in a transaction to have a file open that is to get another name, found"
                                        + " transaction " + by);
                    }
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Has a change of a name belong to a transaction until it ends. */
    void change(String name, UUID transaction, boolean wholly, boolean creates) throws TxfException {
        var owner = new Owner(transaction);
        lock.lock();
        try {
            requireNotWithin(name, owner, Use.WRITE);
            var entry = entry(name);
            try {
                requireUnchanged(entry, name, owner);
                for (var hold : entry.holds) {
                    requireCompatible(name, hold, owner, Use.WRITE, Set.of());
                }
                if (wholly) {
                    requireNothingBelow(name, owner);
                }
                change(entry, transaction);
                entry.wholly |= wholly;
                entry.reserved |= creates;
            } finally {
                entry.dropIfUnused();
            }
        } finally {
            lock.unlock();
        }
    }

    /** A change outside of transactions, which is made at once: says who is in the way. */
    void requireFree(String name, boolean wholly) throws TxfException {
        lock.lock();
        try {
            requireNotWithin(name, Owner.NOBODY, Use.WRITE);
            var entry = find(name);
            if (entry != null) {
                requireUnchanged(entry, name, Owner.NOBODY);
                for (var hold : entry.holds) {
                    requireCompatible(name, hold, Owner.NOBODY, Use.WRITE, Set.of());
                }
            }
            if (wholly) {
                requireNothingBelow(name, Owner.NOBODY);
            }
        } finally {
            lock.unlock();
        }
    }

    private void change(Entry entry, UUID transaction) {
        if (entry.changedBy == null) {
            entry.changedBy = transaction;
            changed.computeIfAbsent(transaction, absent -> new ArrayList<>()).add(entry);
        }
    }

    private static void requireUnchanged(Entry entry, String name, Owner owner) throws TxfException {
        var by = entry.changedBy;
        if (by != null && !by.equals(owner.transaction())) {
            throw new TxfException(
                    entry.reserved ? TxfError.TRANSACTIONAL_CONFLICT : TxfError.SHARING_VIOLATION,
                    name,
                    "expected nobody else to have changed it, found transaction " + by);
        }
    }

    /** A name below one that wholly belongs to another transaction. */
    private void requireNotWithin(String name, Owner owner, Use use) throws TxfException {
        if (use == Use.READ || entries.isEmpty()) {
            return;
        }
        for (int slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
            var above = find(name.substring(0, slash));
            if (above != null
                    && above.wholly
                    && above.changedBy != null
                    && !above.changedBy.equals(owner.transaction())) {
                throw new TxfException(
                        TxfError.TRANSACTIONAL_CONFLICT,
                        name,
                        "expected no change of a directory above it, found " + above.name + " changed by transaction "
                                + above.changedBy);
            }
        }
    }

    private void requireNothingBelow(String name, Owner owner) throws TxfException {
        var own = rules.fold(name);
        // Everything lies below the root, whose name is none.
        var prefix = own.isEmpty() ? "" : own + "/";
        for (var below : entries.tailMap(prefix).values()) {
            if (!below.key.startsWith(prefix)) {
                return;
            }
            if (below.key.equals(own)) {
                continue;
            }
            var by = below.changedBy;
            if (by != null && !by.equals(owner.transaction())) {
                throw new TxfException(
                        TxfError.CANT_BREAK_TRANSACTIONAL_DEPENDENCY,
                        name,
                        "expected nothing below it to be changed, found " + below.name + " changed by transaction "
                                + by);
            }
            for (var hold : below.holds) {
                if (!hold.owner.equals(owner) && (hold.use == Use.WRITE || hold.owner.isTransaction())) {
                    throw new TxfException(
                            TxfError.CANT_BREAK_TRANSACTIONAL_DEPENDENCY,
                            name,
                            "expected nothing below it to be open, found " + below.name);
                }
            }
        }
    }

    private static void requireCompatible(String name, Hold hold, Owner owner, Use use, Set<Deny> denied)
            throws TxfException {
        boolean same = hold.owner.isTransaction() && hold.owner.equals(owner);
        if (hold.denied.contains(use == Use.READ ? Deny.READ : Deny.WRITE)
                || denied.contains(hold.use == Use.READ ? Deny.READ : Deny.WRITE)) {
            throw new TxfException(
                    TxfError.SHARING_VIOLATION, name, "expected that it may be shared, found a handle that denies it");
        }
        if (same) {
            return;
        }
        if (hold.owner.isTransaction()) {
            boolean refused = use == Use.WRITE && (hold.use == Use.WRITE || !owner.isTransaction());
            if (refused) {
                throw new TxfException(
                        TxfError.SHARING_VIOLATION,
                        name,
                        "expected nobody in a transaction to have it open, found transaction "
                                + hold.owner.transaction());
            }
        } else if (hold.use == Use.WRITE && owner.isTransaction()) {
            throw new TxfException(
                    TxfError.TRANSACTIONAL_CONFLICT,
                    name,
                    "expected nobody to write to it outside of transactions, found an open handle");
        }
    }

    /** Whether the transaction has this open. */
    boolean hasOpen(UUID transaction) {
        lock.lock();
        try {
            return held.containsKey(transaction);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the transaction has this one open. */
    boolean hasOpen(UUID transaction, String name) {
        lock.lock();
        try {
            var entry = find(name);
            return entry != null && entry.holds.stream().anyMatch(hold -> transaction.equals(hold.owner.transaction()));
        } finally {
            lock.unlock();
        }
    }

    /** Whose change a name belongs to; none if to nobody's. */
    @Nullable
    UUID changedBy(String name) {
        lock.lock();
        try {
            var entry = find(name);
            return entry == null ? null : entry.changedBy;
        } finally {
            lock.unlock();
        }
    }

    /** The names whose change belongs to a transaction. */
    List<String> changedBy(UUID transaction) {
        lock.lock();
        try {
            return changed.getOrDefault(transaction, List.of()).stream()
                    .map(entry -> entry.name)
                    .filter(name -> !name.startsWith(FILE))
                    .sorted()
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /** Handles that are open, of these names or below them, see something new from now on. */
    void changedByCommit(Iterable<String> names) {
        lock.lock();
        try {
            for (var name : names) {
                var entry = find(name);
                if (entry != null) {
                    entry.version.incrementAndGet();
                }
                var prefix = rules.fold(name) + "/";
                for (var below : entries.tailMap(prefix).values()) {
                    if (!below.key.startsWith(prefix)) {
                        break;
                    }
                    below.version.incrementAndGet();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** The transaction has ended: its changes belong to nobody any more, and what it has left open bothers nobody. */
    void release(UUID transaction) {
        lock.lock();
        try {
            for (var entry : Objects.requireNonNullElse(changed.remove(transaction), List.<Entry>of())) {
                entry.changedBy = null;
                entry.wholly = false;
                entry.reserved = false;
                entry.dropIfUnused();
            }
            Objects.requireNonNullElse(held.remove(transaction), Set.<Hold>of()).forEach(Hold::drop);
        } finally {
            lock.unlock();
        }
    }
}
