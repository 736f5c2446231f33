package dev.ktm.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a registry is, as simply as it can be said: keys are numbers, a transaction is a list of changes that is repeated on a copy of
 * everything whenever somebody looks, and a conflict is two sets that have something in common.
 */
final class Model {

    static final long ROOT = 1;

    /** A key. */
    static final class Key {
        long parent;
        String name;
        final boolean isVolatile;
        final TreeMap<String, String> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

        Key(long parent, String name, boolean isVolatile) {
            this.parent = parent;
            this.name = name;
            this.isVolatile = isVolatile;
        }

        Key copy() {
            var copy = new Key(parent, name, isVolatile);
            copy.values.putAll(values);
            return copy;
        }
    }

    /** Everything. */
    static final class State {
        final Map<Long, Key> keys = new HashMap<>();

        State() {
            keys.put(ROOT, new Key(0, "", false));
        }

        State copy() {
            var copy = new State();
            keys.forEach((id, key) -> copy.keys.put(id, key.copy()));
            return copy;
        }

        /** What is left of it after a restart. */
        State durable() {
            var durable = copy();
            durable.keys.values().removeIf(key -> key.isVolatile);
            return durable;
        }

        Key key(long id) {
            return Objects.requireNonNull(keys.get(id));
        }

        List<Long> below(long id) {
            return keys.entrySet().stream()
                    .filter(entry -> entry.getValue().parent == id)
                    .map(Map.Entry::getKey)
                    .sorted()
                    .toList();
        }

        long child(long id, String name) {
            return below(id).stream()
                    .filter(child -> key(child).name.equalsIgnoreCase(name))
                    .findAny()
                    .orElse(0L);
        }

        long find(String path) {
            long at = ROOT;
            for (var name : path.isEmpty() ? new String[0] : path.split("\\\\")) {
                at = at == 0 ? 0 : child(at, name);
            }
            return at;
        }

        String path(long id) {
            var above = key(id).parent;
            return id == ROOT ? "" : above == ROOT ? key(id).name : path(above) + "\\" + key(id).name;
        }

        Map<String, String> shown() {
            var all = new TreeMap<String, String>();
            keys.forEach((id, key) -> {
                all.put(path(id) + "\\", "");
                key.values.forEach((name, text) -> all.put(path(id) + "\\" + name + "=", text));
            });
            return all;
        }
    }

    /** A transaction, or one plain write. */
    static final class Work {
        final List<Consumer<State>> changes = new ArrayList<>();
        final Set<String> touched = new HashSet<>();
        boolean doomed;
    }

    private final Set<Work> active = new HashSet<>();
    private long nextId = ROOT + 1;

    /** What everybody sees. */
    State committed = new State();

    /** What may be found after a crash: the last that was forced, and each plain write since. */
    List<State> possible = new ArrayList<>(List.of(committed.copy()));

    Work begin() {
        var work = new Work();
        active.add(work);
        return work;
    }

    State seenBy(@Nullable Work work) {
        var state = committed.copy();
        if (work != null) {
            work.changes.forEach(change -> change.accept(state));
        }
        return state;
    }

    private static String touch(String kind, long id, String name) {
        return kind + " " + id + " " + name.toUpperCase(Locale.ROOT);
    }

    private static boolean collide(Set<String> one, Set<String> other) {
        return one.stream().anyMatch(touch -> {
            var opposite = touch.startsWith("use ")
                    ? "remove " + touch.substring(4)
                    : touch.startsWith("remove ") ? "use " + touch.substring(7) : touch;
            return other.contains(opposite) || (!touch.startsWith("use ") && other.contains(touch));
        });
    }

    /** What comes of an act; without a transaction it is plain. */
    String act(@Nullable Work work, Act act) {
        if (work != null && work.doomed) {
            return RegistryError.TRANSACTION_ALREADY_ABORTED.toString();
        }
        var state = seenBy(work);
        long id = state.find(act.path());
        var touched = new HashSet<String>();
        Consumer<State> change;
        String result = "done";
        switch (act.kind()) {
            case SET -> {
                touched.add(touch("value", id, act.name()));
                change = now -> now.key(id).values.put(act.name(), act.text());
            }
            case UNSET -> {
                if (!state.key(id).values.containsKey(act.name())) {
                    return "false";
                }
                result = "true";
                touched.add(touch("value", id, act.name()));
                change = now -> now.key(id).values.remove(act.name());
            }
            case CREATE, CREATE_VOLATILE -> {
                if (state.child(id, act.name()) != 0) {
                    return "false";
                }
                boolean isVolatile = act.kind() == Act.Kind.CREATE_VOLATILE;
                if (state.key(id).isVolatile && !isVolatile) {
                    return RegistryError.CHILD_MUST_BE_VOLATILE.toString();
                }
                result = "true";
                long made = nextId++;
                touched.add(touch("child", id, act.name()));
                change = now -> now.keys.put(made, new Key(id, act.name(), isVolatile));
            }
            case DELETE, DELETE_TREE -> {
                if (act.kind() == Act.Kind.DELETE && !state.below(id).isEmpty()) {
                    return RegistryError.KEY_HAS_CHILDREN.toString();
                }
                touched.add(touch("child", state.key(id).parent, state.key(id).name));
                touched.add(touch("use", state.key(id).parent, ""));
                var doomed = new ArrayList<>(List.of(id));
                for (int i = 0; i < doomed.size(); i++) {
                    touched.add(touch("remove", doomed.get(i), ""));
                    doomed.addAll(state.below(doomed.get(i)));
                }
                change = now -> doomed.forEach(now.keys::remove);
            }
            case RENAME -> {
                long parent = state.key(id).parent;
                long present = state.child(parent, act.name());
                if (present != 0 && present != id) {
                    return RegistryError.ALREADY_EXISTS.toString();
                }
                touched.add(touch("child", parent, state.key(id).name));
                touched.add(touch("child", parent, act.name()));
                touched.add(touch("use", parent, ""));
                change = now -> now.key(id).name = act.name();
            }
            default -> throw new IllegalStateException("no such act: " + act);
        }
        touched.add(touch("use", id, ""));
        return done(work, touched, change, result);
    }

    private String done(@Nullable Work work, Set<String> touched, Consumer<State> change, String result) {
        var others = active.stream()
                .filter(other -> other != work && !other.doomed && collide(touched, other.touched))
                .toList();
        if (work == null) {
            others.forEach(other -> other.doomed = true);
            change.accept(committed);
            possible.add(committed.copy());
            return result;
        }
        if (!others.isEmpty()) {
            return RegistryError.TRANSACTIONAL_CONFLICT.toString();
        }
        work.touched.addAll(touched);
        work.changes.add(change);
        return result;
    }

    /** Whether it is committed. */
    boolean commit(Work work) {
        active.remove(work);
        if (work.doomed) {
            return false;
        }
        if (!work.changes.isEmpty()) {
            work.changes.forEach(change -> change.accept(committed));
            forced();
        }
        return true;
    }

    void rollback(Work work) {
        active.remove(work);
    }

    void forced() {
        possible = new ArrayList<>(List.of(committed.copy()));
    }

    /** After a crash this is what was found. */
    void recovered(State found) {
        active.clear();
        committed = found.copy();
        forced();
    }
}
