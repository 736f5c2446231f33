package dev.ktm.log.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The files whose names survive a power loss, and what may become of each change at risk of them.
 *
 * <p>Combinations are tried in depth: the disks that differ in the last change share the work for all earlier ones.
 */
final class SurvivingFiles {

    /** Is told of every disk found. The arguments may be used during the call only, except for what they return. */
    @FunctionalInterface
    interface Visitor {
        void visit(SurvivingFiles files, long hash, Outcome outcome);
    }

    /** What became of each change: a detail of tears, and a number among those. */
    static final class Outcome {

        private final Tears.Detail[] details;
        private final int[] choices;

        private Outcome(Tears.Detail[] details, int[] choices) {
            this.details = details;
            this.choices = choices;
        }

        int length() {
            return choices.length;
        }

        void choose(int change, Tears.Detail detail, int choice) {
            details[change] = detail;
            choices[change] = choice;
        }

        void chooseAll(Tears.Detail detail, int choice) {
            Arrays.fill(details, detail);
            Arrays.fill(choices, choice);
        }

        Outcome copy() {
            return new Outcome(details.clone(), choices.clone());
        }
    }

    private final List<DiskAtRisk.NameAtRisk> nameChanges;
    private final BitSet namesKept;
    private final Tears tears;
    private final String[] names;
    private final int[] inodes;
    private final long[] nameHashes;
    private final FileContent[] contents;
    private final List<AtRisk> changes;
    private final int[] fileOfChange;

    SurvivingFiles(DiskAtRisk disk, BitSet namesKept, Tears tears) {
        var surviving = disk.namesWith(namesKept);
        this.nameChanges = List.copyOf(disk.nameChanges());
        this.namesKept = namesKept;
        this.tears = tears;
        this.names = surviving.keySet().toArray(String[]::new);
        this.inodes = surviving.values().stream().mapToInt(Integer::intValue).toArray();
        this.nameHashes = Arrays.stream(names).mapToLong(DiskImage::hashOf).toArray();
        this.contents = Arrays.stream(inodes).mapToObj(disk::content).toArray(FileContent[]::new);
        this.changes = disk.changesOf(surviving.values());
        this.fileOfChange = changes.stream()
                .mapToInt(change -> List.copyOf(surviving.values()).indexOf(change.inode()))
                .toArray();
    }

    int changeCount() {
        return changes.size();
    }

    /** In how many ways a change may come out. */
    int outcomes(int change, Tears.Detail detail) {
        return changes.get(change).outcomes(tears, detail);
    }

    /** The size of the product; {@link Long#MAX_VALUE} if it is too large. */
    long combinations(Tears.Detail detail) {
        var product = 1L;
        for (var change : changes) {
            var outcomes = change.outcomes(tears, detail);
            if (product > Long.MAX_VALUE / outcomes) {
                return Long.MAX_VALUE;
            }
            product *= outcomes;
        }
        return product;
    }

    Outcome allLost() {
        var outcome = new Outcome(new Tears.Detail[changes.size()], new int[changes.size()]);
        outcome.chooseAll(Tears.Detail.WHOLE, 0);
        return outcome;
    }

    /** Visits every combination. */
    void visitProduct(Tears.Detail detail, Visitor visitor) {
        visitFrom(0, detail, allLost(), visitor);
    }

    private void visitFrom(int change, Tears.Detail detail, Outcome outcome, Visitor visitor) {
        if (change == changes.size()) {
            visitor.visit(this, hash(), outcome);
            return;
        }
        var file = fileOfChange[change];
        var before = contents[file];
        for (var choice = 0; choice < outcomes(change, detail); choice++) {
            outcome.choose(change, detail, choice);
            contents[file] = changes.get(change).applyTo(before, tears, detail, choice);
            visitFrom(change + 1, detail, outcome, visitor);
        }
        contents[file] = before;
    }

    /** Visits one combination. */
    void visit(Outcome outcome, Visitor visitor) {
        var before = contents.clone();
        for (var i = 0; i < changes.size(); i++) {
            var file = fileOfChange[i];
            contents[file] = changes.get(i).applyTo(contents[file], tears, outcome.details[i], outcome.choices[i]);
        }
        visitor.visit(this, hash(), outcome);
        System.arraycopy(before, 0, contents, 0, before.length);
    }

    /** The disk as it is being visited. */
    DiskImage image() {
        var entries = new ArrayList<DiskImage.Entry>(names.length);
        for (var i = 0; i < names.length; i++) {
            entries.add(new DiskImage.Entry(names[i], inodes[i], contents[i]));
        }
        return new DiskImage(entries);
    }

    /** The outcome in words. */
    String describe(Outcome outcome) {
        var text = new ArrayList<String>();
        for (var i = 0; i < nameChanges.size(); i++) {
            var name = nameChanges.get(i);
            text.add("#" + name.sequence() + ' ' + name.change() + (namesKept.get(i) ? " kept" : " lost"));
        }
        for (var i = 0; i < changes.size(); i++) {
            text.add(changes.get(i).describe(tears, outcome.details[i], outcome.choices[i]));
        }
        return text.isEmpty() ? "nothing at risk" : String.join("; ", text);
    }

    private long hash() {
        var sum = 0L;
        for (var i = 0; i < names.length; i++) {
            sum += DiskImage.hashOf(nameHashes[i], contents[i]);
        }
        return sum;
    }
}
