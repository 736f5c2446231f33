package dev.ktm.log.testing;

import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.IntPredicate;

/**
 * The tears to try for a write of a given length. The first is always "lost", the second always "kept whole".
 *
 * <p>All old-or-new subsets are tried for a single block. Of longer writes: a cut at every sector, single sectors and
 * every second one, and some random subsets; above 64 sectors the cuts are a choice as well.
 */
final class Tears {

    /** How many tears are tried, finest first. */
    enum Detail {
        /** All subsets of a single block, a sample of those of a longer write, and the patterns. */
        SUBSETS,
        /** Prefixes, suffixes, single sectors, every second sector; with the rest old, and with the rest zeroed. */
        PATTERNS,
        /** Halves, a missing first or last sector, zeros. */
        COARSE,
        /** Lost or kept whole. */
        WHOLE
    }

    private static final int RANDOM_SUBSETS = 128;
    private static final int ALL_CUTS_UP_TO = 64;
    private static final int CUTS = 16;

    /** Those of a single block, which most writes are: they are the same for every seed. */
    private static final Map<Detail, List<Tear>> OF_ONE_BLOCK = ofOneBlock();

    private final long seed;
    private final Map<Detail, Map<Integer, List<Tear>>> known = new EnumMap<>(Detail.class);

    Tears(long seed) {
        this.seed = seed;
    }

    List<Tear> of(int blocks, Detail detail) {
        if (blocks == 1) {
            return Objects.requireNonNull(OF_ONE_BLOCK.get(detail));
        }
        return known.computeIfAbsent(detail, key -> new HashMap<>())
                .computeIfAbsent(blocks, key -> make(key, detail, seed));
    }

    private static Map<Detail, List<Tear>> ofOneBlock() {
        var tears = new EnumMap<Detail, List<Tear>>(Detail.class);
        for (var detail : Detail.values()) {
            tears.put(detail, make(1, detail, 0));
        }
        return Collections.unmodifiableMap(tears);
    }

    private static List<Tear> make(int blocks, Detail detail, long seed) {
        var tears = new LinkedHashSet<Tear>();
        tears.add(Tear.of(blocks, Tears::none, Tears::none));
        tears.add(Tear.of(blocks, Tears::all, Tears::none));
        switch (detail) {
            case WHOLE -> {}
            case COARSE -> addCoarse(tears, blocks);
            case PATTERNS -> addPatterns(tears, blocks);
            case SUBSETS -> {
                addPatterns(tears, blocks);
                addSubsets(tears, blocks, seed);
            }
        }
        return List.copyOf(tears);
    }

    private static void addCoarse(Set<Tear> tears, int blocks) {
        var sectors = blocks * Block.SECTORS;
        tears.add(Tear.of(blocks, sector -> sector < sectors / 2, Tears::none));
        tears.add(Tear.of(blocks, sector -> sector >= sectors / 2, Tears::none));
        tears.add(Tear.of(blocks, sector -> sector != 0, Tears::none));
        tears.add(Tear.of(blocks, sector -> sector != sectors - 1, Tears::none));
        tears.add(Tear.of(blocks, Tears::none, Tears::all));
    }

    private static void addPatterns(Set<Tear> tears, int blocks) {
        tears.add(Tear.of(blocks, sector -> sector % 2 == 0, Tears::none));
        tears.add(Tear.of(blocks, sector -> sector % 2 == 1, Tears::none));
        tears.add(Tear.of(blocks, Tears::none, Tears::all));
        for (var cut : cuts(blocks * Block.SECTORS)) {
            for (var zeroRest : List.of(false, true)) {
                IntPredicate rest = sector -> zeroRest;
                tears.add(Tear.of(blocks, sector -> sector < cut, rest));
                tears.add(Tear.of(blocks, sector -> sector >= cut, rest));
                tears.add(Tear.of(blocks, sector -> sector != cut, rest));
                tears.add(Tear.of(blocks, sector -> sector != cut - 1, rest));
            }
        }
    }

    private static void addSubsets(Set<Tear> tears, int blocks, long seed) {
        if (blocks == 1) {
            for (var subset = 0; subset < 1 << Block.SECTORS; subset++) {
                var bits = subset;
                tears.add(Tear.of(blocks, sector -> (bits >> sector & 1) != 0, Tears::none));
            }
            return;
        }
        var random = new SplittableRandom(seed + blocks);
        for (var i = 0; i < RANDOM_SUBSETS; i++) {
            var kept = random.split();
            var zeroed = random.split();
            var zeros = i % 2 == 0;
            tears.add(Tear.of(blocks, sector -> kept.nextBoolean(), sector -> zeros && zeroed.nextBoolean()));
        }
    }

    /** Where to cut a write of so many sectors: between any two, or at both ends and at equal distances. */
    private static Set<Integer> cuts(int sectors) {
        var cuts = new TreeSet<Integer>();
        for (var cut = 1; cut < sectors; cut++) {
            var atAnEnd = cut <= Block.SECTORS || cut >= sectors - Block.SECTORS;
            if (sectors <= ALL_CUTS_UP_TO || atAnEnd || cut % Math.max(1, sectors / CUTS) == 0) {
                cuts.add(cut);
            }
        }
        return cuts;
    }

    private static boolean none(int sector) {
        return false;
    }

    private static boolean all(int sector) {
        return true;
    }
}
