package dev.ktm.file;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

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

    private final Map<String, Step> last = new LinkedHashMap<>();

    /** What a name may stand for, whichever of its versions a power cut has left. */
    private final Map<String, Set<Seen>> versions = new HashMap<>();

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
            addVersions(step, versions.computeIfAbsent(step.name(), name -> new LinkedHashSet<>()));
            if (step instanceof Step.SetAttributes set) {
                var former = attributes.remove(set.name());
                // Of a file that has two names the attributes that were set last are set last.
                attributes.put(set.name(), former == null ? set : both(former, set));
                continue;
            }
            attributes.remove(step.name());
            last.remove(step.name());
            last.put(step.name(), step);
        }
    }

    private static void addVersions(Step step, Set<Seen> all) {
        if (step instanceof Step.Put put) {
            put.before().ifPresent(all::add);
            all.add(put.made());
        } else if (step instanceof Step.Delete delete) {
            all.add(delete.was());
        } else if (step instanceof Step.MakeLink link) {
            link.before().ifPresent(all::add);
            all.add(Seen.link(link.target()));
        } else if (step instanceof Step.MakeDirectory) {
            all.add(Seen.directory());
        } else if (step instanceof Step.SetAttributes set) {
            all.add(set.was());
            Attributes.changedNanos(set.attributes()).map(set.was()::modifiedAt).ifPresent(all::add);
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
            remove(each -> each.equals(name) || (takesBelow(step) && Names.isWithin(each, name)));
        }
    }

    private void remove(Predicate<String> names) {
        last.keySet().removeIf(names);
        attributes.keySet().removeIf(names);
        versions.keySet().removeIf(names);
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
        Attributes.setLater(all, second.attributes());
        return new Step.SetAttributes(second.name(), second.was(), all);
    }

    /** Somebody has changed it outside of transactions since; it was durable before that. */
    void forget(String name) {
        remove(each -> Names.isWithin(each, name));
        structural.removeIf(steps -> steps.stream().anyMatch(step -> Names.isWithin(step.name(), name)));
    }

    /** What a name may stand for, after what was committed. */
    Set<Seen> versions(String name) {
        return versions.getOrDefault(name, Set.of());
    }

    /** What was committed last about a name alone. */
    Optional<Step> last(String name) {
        return Optional.ofNullable(last.get(name));
    }

    boolean isEmpty() {
        return last.isEmpty() && attributes.isEmpty() && structural.isEmpty();
    }

    /** It is done. */
    void clear() {
        last.clear();
        attributes.clear();
        versions.clear();
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
    void run(Applier applier) throws IOException {
        for (var steps : structural) {
            applier.run(steps);
        }
        versions.forEach(applier::expect);
        var steps = new ArrayList<>(last.values());
        steps.addAll(attributes.values());
        applier.run(steps);
    }
}
