package dev.ktm.log.testing;

import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * All that a power loss at one point may leave.
 *
 * <p>First which names survive, then what becomes of each change of each file that still has a name. Where the product
 * of all outcomes exceeds the limit, coarser tears are taken, and each change is tried in full detail besides, with
 * all others lost and with all others kept. Where not even lost or kept fits the limit, prefixes, suffixes and random
 * combinations stand for the product.
 */
final class PowerLoss {

    private static final int ALL_SUBSETS_UP_TO = 6;
    private static final int RANDOM_NAME_SUBSETS = 32;

    private final DiskAtRisk disk;
    private final Tears tears;
    private final SplittableRandom random;
    private final SurvivingFiles.Visitor visitor;

    PowerLoss(DiskAtRisk disk, Tears tears, SplittableRandom random, SurvivingFiles.Visitor visitor) {
        this.disk = disk;
        this.tears = tears;
        this.random = random;
        this.visitor = visitor;
    }

    /** Visits every disk, or about as many as the limit says. */
    void visitAll(int limit) {
        var nameSubsets = nameSubsets();
        var share = Math.max(1, limit / nameSubsets.size());
        for (var kept : nameSubsets) {
            var files = new SurvivingFiles(disk, kept, tears);
            for (var detail : Tears.Detail.values()) {
                if (files.combinations(detail) <= share) {
                    files.visitProduct(detail, visitor);
                    if (detail != Tears.Detail.SUBSETS) {
                        visitOneByOne(files);
                    }
                    break;
                }
                if (detail == Tears.Detail.WHOLE) {
                    visitOneByOne(files);
                    visitPrefixesAndSuffixes(files);
                    visitSome(files, share);
                }
            }
        }
    }

    /** Visits one disk, chosen at random. */
    void visitOne() {
        var count = disk.nameChanges().size();
        var kept = new BitSet(count);
        for (var i = 0; i < count; i++) {
            kept.set(i, random.nextBoolean());
        }
        visitSome(new SurvivingFiles(disk, kept, tears), 1);
    }

    private void visitSome(SurvivingFiles files, int count) {
        var details = Tears.Detail.values();
        var outcome = files.allLost();
        for (var i = 0; i < count; i++) {
            for (var change = 0; change < outcome.length(); change++) {
                // Half of the changes are lost or kept whole: most torn combinations of many differ in little.
                var detail = random.nextBoolean() ? Tears.Detail.WHOLE : details[random.nextInt(details.length)];
                outcome.choose(change, detail, random.nextInt(files.outcomes(change, detail)));
            }
            files.visit(outcome, visitor);
        }
    }

    private void visitOneByOne(SurvivingFiles files) {
        for (var others = 0; others <= 1; others++) {
            for (var change = 0; change < files.changeCount(); change++) {
                var outcome = files.allLost();
                outcome.chooseAll(Tears.Detail.WHOLE, others);
                for (var choice = 0; choice < files.outcomes(change, Tears.Detail.SUBSETS); choice++) {
                    outcome.choose(change, Tears.Detail.SUBSETS, choice);
                    files.visit(outcome, visitor);
                }
            }
        }
    }

    private void visitPrefixesAndSuffixes(SurvivingFiles files) {
        for (var cut = 0; cut <= files.changeCount(); cut++) {
            for (var firstKept = 0; firstKept <= 1; firstKept++) {
                var outcome = files.allLost();
                for (var change = 0; change < files.changeCount(); change++) {
                    outcome.choose(change, Tears.Detail.WHOLE, change < cut ? firstKept : 1 - firstKept);
                }
                files.visit(outcome, visitor);
            }
        }
    }

    /** All subsets of few changes of names; of many: prefixes, all but one, just one, and random ones. */
    private Set<BitSet> nameSubsets() {
        var count = disk.nameChanges().size();
        var subsets = new LinkedHashSet<BitSet>();
        if (count <= ALL_SUBSETS_UP_TO) {
            for (var bits = 0L; bits < 1L << count; bits++) {
                subsets.add(BitSet.valueOf(new long[] {bits}));
            }
            return subsets;
        }
        for (var cut = 0; cut <= count; cut++) {
            var prefix = new BitSet(count);
            prefix.set(0, cut);
            subsets.add(prefix);
        }
        for (var single = 0; single < count; single++) {
            var just = new BitSet(count);
            just.set(single);
            subsets.add(just);
            var allBut = new BitSet(count);
            allBut.set(0, count);
            allBut.clear(single);
            subsets.add(allBut);
        }
        for (var i = 0; i < RANDOM_NAME_SUBSETS; i++) {
            var some = new BitSet(count);
            for (var change = 0; change < count; change++) {
                some.set(change, random.nextBoolean());
            }
            subsets.add(some);
        }
        return subsets;
    }
}
