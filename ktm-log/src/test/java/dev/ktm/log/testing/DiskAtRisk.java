package dev.ktm.log.testing;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * A disk at one point of its history: what is durable, and what is at risk in the order in which it was done.
 *
 * <p>A force moves changes from the second part to the first. When a write becomes durable, its sectors are taken out
 * of all earlier writes at risk: whether those had reached the disk makes no difference any more.
 */
final class DiskAtRisk {

    /** A change of the directory that a power loss may undo. */
    record NameAtRisk(int sequence, Operation.NameChange change, boolean forceable) {}

    private final Map<Integer, FileContent> contents = new HashMap<>();
    private final TreeMap<String, Integer> names = new TreeMap<>();
    private List<AtRisk> changes = new ArrayList<>();
    private List<NameAtRisk> nameChanges = new ArrayList<>();
    private int point;
    private int marks;

    DiskAtRisk(DiskImage base) {
        for (var entry : base.entries()) {
            names.put(entry.name(), entry.inode());
            contents.put(entry.inode(), entry.content());
        }
    }

    /** How many operations have been carried out. */
    int point() {
        return point;
    }

    /** How many of them were marks. */
    int marks() {
        return marks;
    }

    /** The changes of names at risk, in order. */
    List<NameAtRisk> nameChanges() {
        return nameChanges;
    }

    /** The names if just these changes of those at risk are kept. */
    SortedMap<String, Integer> namesWith(BitSet kept) {
        var result = new TreeMap<>(names);
        for (var i = kept.nextSetBit(0); i >= 0; i = kept.nextSetBit(i + 1)) {
            nameChanges.get(i).change().applyTo(result);
        }
        return result;
    }

    /** The changes at risk of these files, in order. */
    List<AtRisk> changesOf(Collection<Integer> inodes) {
        return changes.stream()
                .filter(change -> inodes.contains(change.inode()))
                .toList();
    }

    /** What is durable of a file. */
    FileContent content(int inode) {
        return contents.getOrDefault(inode, FileContent.EMPTY);
    }

    /** Carries the next operation out. */
    void carryOut(Operation operation) {
        if (operation instanceof Operation.NameChange change) {
            nameChanges.add(new NameAtRisk(point, change, change.nameForceable()));
            if (change instanceof Operation.Create created && created.sizeBytes() > 0) {
                changes.add(new AtRisk.Size(point, created.inode(), created.sizeBytes(), created.sizeForceable()));
            }
        } else if (operation instanceof Operation.Write write) {
            changes.add(AtRisk.Data.of(point, write));
        } else if (operation instanceof Operation.Mark) {
            marks++;
        } else {
            carryOutForce(operation);
        }
        point++;
    }

    private void carryOutForce(Operation operation) {
        if (operation instanceof Operation.WriteForced forced) {
            force(change -> change.sequence() == forced.write());
        } else if (operation instanceof Operation.WriteForceFailed failed) {
            giveUp(change -> change.sequence() == failed.write());
        } else if (operation instanceof Operation.Forced forced) {
            force(change -> change.inode() == forced.inode() && change.sequence() < forced.upTo());
        } else if (operation instanceof Operation.ForceFailed failed) {
            giveUp(change -> change.inode() == failed.inode() && change.sequence() < failed.upTo());
        } else if (operation instanceof Operation.DirectoryForced forced) {
            forceNames(forced.upTo());
        } else if (operation instanceof Operation.DirectoryForceFailed failed) {
            nameChanges.replaceAll(name ->
                    name.sequence() < failed.upTo() ? new NameAtRisk(name.sequence(), name.change(), false) : name);
        }
    }

    private void force(Predicate<AtRisk> forced) {
        var left = new ArrayList<AtRisk>();
        for (var change : changes) {
            if (!change.forceable() || !forced.test(change)) {
                left.add(change);
                continue;
            }
            contents.put(change.inode(), change.applyTo(content(change.inode())));
            if (change instanceof AtRisk.Data durable) {
                removeWhatIsReplaced(left, durable);
            }
        }
        changes = left;
    }

    private static void removeWhatIsReplaced(List<AtRisk> earlier, AtRisk.Data durable) {
        for (var i = earlier.size() - 1; i >= 0; i--) {
            if (earlier.get(i) instanceof AtRisk.Data data && data.inode() == durable.inode()) {
                var left = data.without(durable);
                if (left.isPresent()) {
                    earlier.set(i, left.get());
                } else {
                    earlier.remove(i);
                }
            }
        }
    }

    private void giveUp(Predicate<AtRisk> failed) {
        changes.replaceAll(change -> failed.test(change) ? change.beyondForce() : change);
    }

    private void forceNames(int upTo) {
        var left = new ArrayList<NameAtRisk>();
        for (var name : nameChanges) {
            if (name.forceable() && name.sequence() < upTo) {
                name.change().applyTo(names);
                left.removeIf(earlier -> isReplaced(earlier.change(), name.change()));
            } else {
                left.add(name);
            }
        }
        nameChanges = left;
        forgetUnreachableFiles();
    }

    /** Whether it makes no difference any more if the earlier change reached the disk, now that the later one has. */
    private static boolean isReplaced(Operation.NameChange earlier, Operation.NameChange later) {
        return earlier.inode() == later.inode() || earlier.target().equals(later.target());
    }

    /** A file that no name can lead to any more is of no interest to recovery. */
    private void forgetUnreachableFiles() {
        var reachable = new HashSet<>(names.values());
        nameChanges.forEach(name -> reachable.add(name.change().inode()));
        contents.keySet().retainAll(reachable);
        changes.removeIf(change -> !reachable.contains(change.inode()));
    }
}
