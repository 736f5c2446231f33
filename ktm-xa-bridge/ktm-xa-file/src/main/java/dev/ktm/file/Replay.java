package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the log says was committed and may not be in its place: what is to be true in the end, name by name.
 *
 * <p>What only one name is about is merged: the last word on each counts, and nothing in between is done again, because what it needed
 * may have been moved on. A transaction with a step about two names is run again as a whole: what it touches was settled before it
 * voted, and is settled again before anybody else may touch it. So what the log says about these names before it is durable, and if
 * the log says something about them after it, it is durable itself: neither is done again. Both may still be in the log, because
 * others were committing at the same time.
 */
final class Replay {

    private record Last(Step step, Set<String> keys) {}

    private final Map<String, Last> last = new LinkedHashMap<>();
    private final Map<String, Step.SetAttributes> attributes = new LinkedHashMap<>();
    private final List<List<Step>> structural = new ArrayList<>();

    void committed(List<Step> steps) {
        structural.removeIf(settled -> steps.stream().anyMatch(step -> isAfter(step, settled)));
        if (steps.stream().anyMatch(Step::isStructural)) {
            steps.forEach(this::settledBefore);
            structural.add(steps);
            return;
        }
        // A name that is deleted and made again in one transaction is deleted first.
        for (var step : steps) {
            if (step instanceof Step.SetAttributes set) {
                attributes.merge(set.name(), set, Replay::both);
                continue;
            }
            var keys = new HashSet<String>();
            var before = last.get(step.name());
            if (before != null) {
                keys.addAll(before.keys());
            }
            if (step instanceof Step.Put put) {
                keys.add(put.before());
                keys.add(put.key());
            } else if (step instanceof Step.Delete delete) {
                keys.add(delete.key());
            } else if (step instanceof Step.MakeLink link) {
                keys.add(link.before());
            }
            attributes.remove(step.name());
            last.remove(step.name());
            last.put(step.name(), new Last(step, keys));
        }
    }

    /** Whether this step could only be taken when all of these were settled. */
    private static boolean isAfter(Step step, List<Step> settled) {
        return settled.stream()
                .anyMatch(before -> names(step).stream()
                        .anyMatch(name -> names(before).stream()
                                .anyMatch(other -> other.equals(name)
                                        || (takesBelow(before) && Names.isWithin(name, other))
                                        || (takesBelow(step) && Names.isWithin(other, name)))));
    }

    /** What was committed about the names of this step before it. */
    private void settledBefore(Step step) {
        for (var name : names(step)) {
            last.keySet().removeIf(each -> each.equals(name) || (takesBelow(step) && Names.isWithin(each, name)));
            attributes.keySet().removeIf(each -> each.equals(name) || (takesBelow(step) && Names.isWithin(each, name)));
        }
    }

    /** All names that it is about. */
    private static List<String> names(Step step) {
        if (step instanceof Step.Move move) {
            return List.of(move.from(), move.name());
        }
        if (step instanceof Step.AddName added) {
            return List.of(added.existing(), added.name());
        }
        return List.of(step.name());
    }

    /** Whether nobody else touches what is below its names until it is settled. Attributes of a directory are its own. */
    private static boolean takesBelow(Step step) {
        return step instanceof Step.Move || step instanceof Step.MakeDirectory || step instanceof Step.Delete;
    }

    private static Step.SetAttributes both(Step.SetAttributes first, Step.SetAttributes second) {
        var all = new LinkedHashMap<>(first.attributes());
        all.putAll(second.attributes());
        return new Step.SetAttributes(second.name(), second.key(), all);
    }

    /** Somebody has changed it outside of transactions since; it was durable before that. */
    void forget(String name) {
        last.keySet().removeIf(each -> Names.isWithin(each, name));
        attributes.keySet().removeIf(each -> Names.isWithin(each, name));
        structural.removeIf(steps -> steps.stream().anyMatch(step -> Names.isWithin(step.name(), name)));
    }

    boolean isEmpty() {
        return last.isEmpty() && attributes.isEmpty() && structural.isEmpty();
    }

    /** It is done. */
    void clear() {
        last.clear();
        attributes.clear();
        structural.clear();
    }

    /** The files of the work area that these steps need. */
    static Set<String> workFiles(List<Step> steps) {
        var all = new HashSet<String>();
        for (var step : steps) {
            if (step instanceof Step.Put put) {
                all.add(put.work());
            } else if (step instanceof Step.Overwrite overwrite) {
                all.add(overwrite.work());
            }
        }
        return all;
    }

    /** Makes it true. */
    void run(Applier applier, Disk disk) throws IOException {
        for (var steps : structural) {
            applier.run(steps);
        }
        var steps = new ArrayList<Step>();
        for (var each : last.values()) {
            var step = each.step();
            applier.reach(step.name());
            var there = disk.stat(step.name());
            if (step instanceof Step.Delete delete) {
                // Whichever of its versions a power cut has left.
                steps.add(there.filter(stat -> each.keys().contains(stat.key()))
                        .map(stat -> new Step.Delete(delete.name(), stat.key(), stat.isDirectory()))
                        .orElse(delete));
            } else if (there.isPresent()) {
                makeRoom(each, there.get(), applier, disk, steps);
            }
        }
        steps.sort(Comparator.comparingInt(step -> -Names.depth(step.name())));
        last.values().stream()
                .map(Last::step)
                .filter(step -> !(step instanceof Step.Delete))
                .sorted(Comparator.comparingInt(step -> Names.depth(step.name())))
                .forEach(steps::add);
        steps.addAll(attributes.values());
        applier.run(steps);
    }

    /** What is at the place of something new: its former version goes, but somebody else's is kept. */
    private static void makeRoom(Last wanted, Disk.Stat there, Applier applier, Disk disk, List<Step> deletes)
            throws IOException {
        var name = wanted.step().name();
        boolean isDirectory = wanted.step() instanceof Step.MakeDirectory;
        if (there.isDirectory() && isDirectory) {
            return;
        }
        if (wanted.keys().contains(there.key())) {
            if (there.isDirectory() != isDirectory && (there.isDirectory() || isDirectory)) {
                deletes.add(new Step.Delete(name, there.key(), there.isDirectory()));
            }
        } else if (!isTraceOf(wanted.step(), there, disk)) {
            applier.putAside(name);
        }
    }

    private static boolean isTraceOf(Step step, Disk.Stat there, Disk disk) throws IOException {
        if (step instanceof Step.MakeLink link) {
            // Nobody knows the key of a link before it is made.
            return there.kind() == Disk.Kind.LINK && disk.readLink(link.name()).equals(link.target());
        }
        return step instanceof Step.Put put && isTraceOf(put, there, disk);
    }

    /** Whether it is the content that is wanted, or what a power cut has left of it: a part of it, or zeros in its place. */
    private static boolean isTraceOf(Step.Put put, Disk.Stat there, Disk disk) throws IOException {
        if (put.inline().isEmpty()
                || there.kind() != Disk.Kind.FILE
                || there.size() > put.inline().get().length) {
            return false;
        }
        var wanted = put.inline().get();
        var found = ByteBuffer.allocate((int) there.size());
        try (var file = disk.open(put.name(), Set.of(StandardOpenOption.READ))) {
            while (found.hasRemaining() && file.read(found, found.position()) > 0) {}
        }
        for (int i = 0; i < found.position(); i++) {
            if (found.get(i) != 0 && found.get(i) != wanted[i]) {
                return false;
            }
        }
        return true;
    }
}
