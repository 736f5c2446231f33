package dev.ktm.registry;

import dev.ktm.registry.Draft.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Those who want to know what changes in a hive. Whoever commits leaves it to another thread to tell them. */
final class Watchers {

    /**
     * One of them.
     *
     * @param own the transaction whose own changes are told at once; null for what everybody can see
     */
    private record Watch(
            long key, boolean subtree, @Nullable Draft own, Listener listener) {}

    /** As a {@link RegistryListener}, for those who need the value as well. */
    interface Listener {
        void changed(List<Change> batch);
    }

    /**
     * What has happened.
     *
     * @param value what the value is that it is about, now that all of the batch has happened; null if it is gone, or it is about none
     */
    record Change(RegistryChange told, @Nullable RegistryValue value) {}

    private final String prefix;
    private final Executor dispatcher;
    private final List<Watch> watches = new CopyOnWriteArrayList<>();

    /**
     * None.
     *
     * @param prefix what the paths of the hive begin with
     */
    Watchers(String prefix, Executor dispatcher) {
        this.prefix = prefix;
        this.dispatcher = dispatcher;
    }

    /** Adds one, and says how it is taken away. */
    Runnable add(long key, boolean subtree, @Nullable Draft own, Listener listener) {
        var watch = new Watch(key, subtree, own, listener);
        watches.add(watch);
        return () -> watches.remove(watch);
    }

    /** A transaction has changed something that nobody else sees yet. */
    void made(Draft draft, Step step) {
        if (watches.isEmpty()) {
            return;
        }
        for (var watch : watches) {
            if (watch.own == draft) {
                Keys keys = draft::node;
                if (concerns(watch, step, keys, keys)) {
                    tell(watch, List.of(change(step, keys, keys)));
                }
            }
        }
    }

    /** The transaction has ended. */
    void ended(Draft draft) {
        if (!watches.isEmpty()) {
            watches.removeIf(watch -> watch.own == draft);
        }
    }

    /** Everybody sees this now. Called under the lock that orders commits, so batches come in that order. */
    void shown(Tree before, Tree after, List<Step> steps) {
        if (watches.isEmpty() || steps.isEmpty()) {
            return;
        }
        var copy = List.copyOf(steps);
        dispatch(() -> tellAll(before::get, after::get, copy));
    }

    /** Where keys are found. */
    private interface Keys {
        @Nullable
        Node node(long id);
    }

    private void tellAll(Keys before, Keys after, List<Step> steps) {
        for (var watch : watches) {
            if (watch.own != null) {
                continue;
            }
            var batch = new ArrayList<Change>();
            for (var step : steps) {
                boolean wasSeen = before.node(step.key()) != null || after.node(step.key()) != null;
                if (wasSeen && concerns(watch, step, before, after)) {
                    batch.add(change(step, before, after));
                }
            }
            if (!batch.isEmpty()) {
                call(watch, batch);
            }
        }
    }

    private Change change(Step step, Keys before, Keys after) {
        var node = step.kind().isOfValue() ? after.node(step.key()) : null;
        var value = node == null ? null : node.values().get(step.name());
        return new Change(new RegistryChange(step.kind(), path(step.key(), before, after), step.name()), value);
    }

    private boolean concerns(Watch watch, Step step, Keys before, Keys after) {
        long subject = step.kind().isOfParent() ? step.parent() : step.key();
        if (subject == watch.key || step.key() == watch.key) {
            return true;
        }
        return watch.subtree && lineage(subject, before, after).stream().anyMatch(node -> node.id() == watch.key);
    }

    private String path(long key, Keys before, Keys after) {
        var names = new ArrayList<String>();
        lineage(key, before, after).forEach(node -> names.add(node.name()));
        Collections.reverse(names);
        var path = new StringBuilder(prefix);
        for (var name : names) {
            if (!name.isEmpty()) {
                path.append(path.isEmpty() ? "" : "\\").append(name);
            }
        }
        return path.toString();
    }

    /** The key, the one that it is in, and so on. */
    private static List<Node> lineage(long key, Keys before, Keys after) {
        var found = new ArrayList<Node>();
        long at = key;
        while (at != 0) {
            var now = after.node(at);
            var node = now == null ? before.node(at) : now;
            if (node == null) {
                break;
            }
            found.add(node);
            at = node.parent();
        }
        return found;
    }

    private void tell(Watch watch, List<Change> batch) {
        dispatch(() -> call(watch, batch));
    }

    private static void call(Watch watch, List<Change> batch) {
        try {
            watch.listener.changed(batch);
        } catch (Throwable e) {
            // Those behind it are told all the same.
            System.getLogger(Watchers.class.getName())
                    .log(System.Logger.Level.WARNING, "a listener has failed: " + e.getMessage(), e);
        }
    }

    private void dispatch(Runnable task) {
        try {
            dispatcher.execute(task);
        } catch (RejectedExecutionException e) {
            System.getLogger(Watchers.class.getName())
                    .log(System.Logger.Level.DEBUG, "nobody is told any more: the registry is being closed", e);
        }
    }
}
