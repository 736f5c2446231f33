package dev.ktm.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Who has changed what, and has not ended. Nobody waits for a transaction: who meets one is refused, or, as a plain writer, has it
 * rolled back. A transaction waits for a plain write only, which is short.
 *
 * <p>A plain write that meets transactions takes what it needs beside them. Only when it has everything do they lose what they have,
 * all at once; if it is refused before, nothing has happened to them. A transaction that is about to end is not met any more.
 *
 * <p>Whoever changes anything of a key uses the key; whoever deletes it excludes all users.
 */
final class Locks {

    /** What a lock is on. */
    enum Kind {
        /** The key goes on to exist. */
        USE,
        /** The key ceases to exist. */
        REMOVE,
        /** A value of the key, by name. */
        VALUE,
        /** Which subkey of the key has this name. */
        CHILD,
        /** The security and the class of the key. */
        ATTRIBUTES
    }

    /** Where the owner of locks stands. */
    enum Stage {
        /** Takes more. */
        ACTIVE,
        /** Is about to end, and takes no more. */
        SEALED,
        /** Has lost against a plain writer: everything is to be undone. */
        DOOMED,
        /** Has none any more. */
        ENDED
    }

    /** Somebody who has locks. Guarded by the latch. */
    static final class Owner {
        private final boolean plain;
        private final List<Lock> held = new ArrayList<>();
        /** Those that a plain writer has found in its way, and what they are told if they lose. */
        private final Map<Owner, RegistryException> inTheWay = new LinkedHashMap<>();
        /** Those that have lost against it. */
        private final List<Owner> victims = new ArrayList<>();

        private Stage stage = Stage.ACTIVE;
        /** Whether it is sealed, or has been: it may have committed since. */
        private boolean sealed;

        private @Nullable RegistryException cause;
        private volatile @Nullable Runnable rollback;

        Owner(boolean plain) {
            this.plain = plain;
        }

        /** What has its transaction rolled back. */
        void rollsBackBy(Runnable action) {
            rollback = action;
        }
    }

    private record Lock(KeyLocks key, Kind kind, String name) {}

    private static final class KeyLocks {
        final long id;

        @Nullable
        Owner remover;

        @Nullable
        Owner attributes;

        final Map<Owner, Integer> users = new HashMap<>();
        final Map<String, Owner> values = new HashMap<>();
        final Map<String, Owner> children = new HashMap<>();

        KeyLocks(long id) {
            this.id = id;
        }

        /** Those who are in the way. */
        Set<Owner> against(Owner owner, Kind kind, String name) {
            var found = new LinkedHashSet<Owner>();
            add(found, remover);
            switch (kind) {
                case USE -> {}
                case REMOVE -> found.addAll(users.keySet());
                case VALUE -> add(found, values.get(name));
                case CHILD -> add(found, children.get(name));
                case ATTRIBUTES -> add(found, attributes);
            }
            found.remove(owner);
            return found;
        }

        private static void add(Set<Owner> found, @Nullable Owner owner) {
            if (owner != null) {
                found.add(owner);
            }
        }

        /** Whether it was not taken before. */
        boolean take(Owner owner, Kind kind, String name) {
            return switch (kind) {
                case USE -> users.putIfAbsent(owner, 1) == null;
                case REMOVE -> {
                    boolean isNew = remover == null;
                    remover = owner;
                    yield isNew;
                }
                case VALUE -> values.put(name, owner) == null;
                case CHILD -> children.put(name, owner) == null;
                case ATTRIBUTES -> {
                    boolean isNew = attributes == null;
                    attributes = owner;
                    yield isNew;
                }
            };
        }

        void free(Owner owner, Kind kind, String name) {
            switch (kind) {
                case USE -> users.remove(owner);
                case REMOVE -> remover = null;
                case VALUE -> values.remove(name);
                case CHILD -> children.remove(name);
                case ATTRIBUTES -> attributes = null;
            }
        }

        boolean isFree() {
            return remover == null && users.isEmpty();
        }
    }

    private final boolean plainWins;

    /** Held by the one plain write that is under way, from its first lock to the end. Taken before anything else. */
    private final ReentrantLock plainWrites = new ReentrantLock();

    /** Over everything in here. Nothing else is done under it. */
    private final ReentrantLock latch = new ReentrantLock();

    /** Those of transactions. */
    private final Map<Long, KeyLocks> keys = new HashMap<>();

    /** Those of the one plain write, which may be on the same things until it is known who loses. */
    private final Map<Long, KeyLocks> plainKeys = new HashMap<>();

    /**
     * No locks.
     *
     * @param plainWins whether a transaction that is in the way of a plain write is rolled back; otherwise the write is refused
     */
    Locks(boolean plainWins) {
        this.plainWins = plainWins;
    }

    /** Begins a plain write: there is one at a time. */
    Owner beginPlain() {
        plainWrites.lock();
        return new Owner(true);
    }

    /** Ends a plain write, and has those rolled back that were in its way. */
    void endPlain(Owner owner) {
        List<Owner> victims;
        try {
            end(owner);
            victims = List.copyOf(owner.victims);
        } finally {
            plainWrites.unlock();
        }
        for (var victim : victims) {
            var rollback = victim.rollback;
            if (rollback != null) {
                rollback.run();
            }
        }
    }

    /**
     * Takes a lock for good: the next owner gets it when this one has ended.
     *
     * @param name of the value or the subkey; empty for other kinds
     */
    void take(Owner owner, long key, Kind kind, String name) throws RegistryException {
        var folded = Names.folded(name);
        while (!tryTake(owner, key, kind, folded)) {
            // A plain write is under way there.
            plainWrites.lock();
            try {
                assert !owner.plain : "there is one plain write at a time";
            } finally {
                plainWrites.unlock();
            }
        }
    }

    private boolean tryTake(Owner owner, long id, Kind kind, String folded) throws RegistryException {
        latch.lock();
        try {
            requireActive(owner);
            if (!owner.plain && !against(plainKeys, owner, id, kind, folded).isEmpty()) {
                return false;
            }
            var others = against(keys, owner, id, kind, folded);
            if (!others.isEmpty()) {
                threaten(owner, others, kind, folded);
            }
            var key = table(owner).computeIfAbsent(id, KeyLocks::new);
            take(owner, key, Kind.USE, "");
            take(owner, key, kind, folded);
            return true;
        } finally {
            latch.unlock();
        }
    }

    private Map<Long, KeyLocks> table(Owner owner) {
        return owner.plain ? plainKeys : keys;
    }

    private static Set<Owner> against(Map<Long, KeyLocks> table, Owner owner, long id, Kind kind, String folded) {
        var key = table.get(id);
        return key == null ? Set.of() : key.against(owner, kind, folded);
    }

    private static void take(Owner owner, KeyLocks key, Kind kind, String folded) {
        if (key.take(owner, kind, folded)) {
            owner.held.add(new Lock(key, kind, folded));
        }
    }

    /** Remembers whom a plain write is to win against; anybody else is refused. */
    private void threaten(Owner owner, Set<Owner> others, Kind kind, String folded) throws RegistryException {
        boolean canYield = others.stream().noneMatch(other -> other.sealed);
        if (!owner.plain || !plainWins || !canYield) {
            throw conflict(described(kind, folded));
        }
        for (var other : others) {
            owner.inTheWay.putIfAbsent(
                    other,
                    new RegistryException(
                            RegistryError.TRANSACTION_ALREADY_ABORTED,
                            "a write outside of transactions has changed " + described(kind, folded)
                                    + ": it wins, and the transaction is rolled back"));
        }
    }

    private static RegistryException conflict(String what) {
        return new RegistryException(
                RegistryError.TRANSACTIONAL_CONFLICT,
                "expected that no other transaction has changed " + what + ", found one: try again when it has ended");
    }

    /** All that are in the way of a plain write lose, or, if one of them can no longer, nobody does. */
    private void win(Owner owner) throws RegistryException {
        if (owner.inTheWay.keySet().stream().anyMatch(other -> other.sealed)) {
            throw conflict("the same");
        }
        owner.inTheWay.forEach((other, why) -> {
            if (other.stage == Stage.ACTIVE) {
                other.stage = Stage.DOOMED;
                other.cause = why;
                release(other);
                owner.victims.add(other);
            }
        });
        owner.inTheWay.clear();
    }

    /** Whether no transaction was in the way of a plain write. */
    boolean isUnopposed(Owner owner) {
        latch.lock();
        try {
            return owner.inTheWay.isEmpty();
        } finally {
            latch.unlock();
        }
    }

    private static String described(Kind kind, String folded) {
        return switch (kind) {
            case USE, REMOVE -> "the key or anything in it";
            case VALUE -> "the value \"" + Names.shortened(folded) + "\" or removed its key";
            case CHILD -> "the subkey \"" + Names.shortened(folded) + "\" or removed its key";
            case ATTRIBUTES -> "the security of the key or removed it";
        };
    }

    private void requireActive(Owner owner) throws RegistryException {
        switch (owner.stage) {
            case ACTIVE -> {}
            case DOOMED -> throw doomed(owner);
            case SEALED, ENDED ->
                throw new RegistryException(
                        RegistryError.TRANSACTION_NOT_ACTIVE,
                        "expected an active transaction, found one that has ended or is about to: reopen the key");
        }
    }

    private static RegistryException doomed(Owner owner) {
        var cause = owner.cause;
        var message = cause == null ? "the transaction is rolled back" : String.valueOf(cause.getMessage());
        return new RegistryException(RegistryError.TRANSACTION_ALREADY_ABORTED, message, cause);
    }

    /**
     * Takes no more: from here on nobody can take anything from it. Transactions that a plain write has found in its way lose now,
     * or it is refused: nothing may come between this and what it does.
     */
    void seal(Owner owner) throws RegistryException {
        latch.lock();
        try {
            if (owner.plain && owner.stage == Stage.SEALED) {
                // One that is a transaction in the log is sealed before it becomes that.
                return;
            }
            requireActive(owner);
            win(owner);
            owner.stage = Stage.SEALED;
            owner.sealed = true;
        } finally {
            latch.unlock();
        }
    }

    /** Refuses unless it may read and write on. */
    void check(Owner owner) throws RegistryException {
        latch.lock();
        try {
            requireActive(owner);
        } finally {
            latch.unlock();
        }
    }

    boolean isDoomed(Owner owner) {
        latch.lock();
        try {
            return owner.stage == Stage.DOOMED;
        } finally {
            latch.unlock();
        }
    }

    /** Has the owner lose what it has, for this reason, unless it is about to end; says whether that is so. */
    boolean doom(Owner owner, RegistryException cause) {
        latch.lock();
        try {
            if (owner.stage != Stage.ACTIVE) {
                return false;
            }
            owner.stage = Stage.DOOMED;
            owner.cause = cause;
            release(owner);
            return true;
        } finally {
            latch.unlock();
        }
    }

    /** Gives everything back. */
    void end(Owner owner) {
        latch.lock();
        try {
            release(owner);
            owner.stage = Stage.ENDED;
        } finally {
            latch.unlock();
        }
    }

    /** How many locks it has; refuses unless it may take more. */
    int count(Owner owner) throws RegistryException {
        latch.lock();
        try {
            requireActive(owner);
            return owner.held.size();
        } finally {
            latch.unlock();
        }
    }

    /** Gives back all but its first so many: what was to be done with the others has been refused. */
    void giveBack(Owner owner, int count) {
        latch.lock();
        try {
            release(owner, count);
        } finally {
            latch.unlock();
        }
    }

    private void release(Owner owner) {
        release(owner, 0);
    }

    private void release(Owner owner, int count) {
        for (int i = owner.held.size() - 1; i >= count; i--) {
            var lock = owner.held.remove(i);
            lock.key.free(owner, lock.kind, lock.name);
            if (lock.key.isFree()) {
                table(owner).remove(lock.key.id, lock.key);
            }
        }
    }

    /** Whether nobody has any. */
    boolean isEmpty() {
        latch.lock();
        try {
            return keys.isEmpty() && plainKeys.isEmpty();
        } finally {
            latch.unlock();
        }
    }
}
