package dev.ktm.log.testing;

import java.util.Arrays;
import java.util.function.IntPredicate;

/** What a power loss leaves of a write: each sector is new, old or zeroed. */
final class Tear {

    private final byte[] kept;
    private final byte[] zeroed;

    private Tear(byte[] kept, byte[] zeroed) {
        this.kept = kept;
        this.zeroed = zeroed;
    }

    /** A tear of a write of so many blocks, where a sector that is neither kept nor zeroed is as before the write. */
    static Tear of(int blocks, IntPredicate isKept, IntPredicate isZeroed) {
        var kept = new byte[blocks];
        var zeroed = new byte[blocks];
        for (var sector = 0; sector < blocks * Block.SECTORS; sector++) {
            var bit = (byte) (1 << sector % Block.SECTORS);
            if (isKept.test(sector)) {
                kept[sector / Block.SECTORS] |= bit;
            } else if (isZeroed.test(sector)) {
                zeroed[sector / Block.SECTORS] |= bit;
            }
        }
        return new Tear(kept, zeroed);
    }

    /** No tear: all sectors are new. */
    static Tear whole(int blocks) {
        return of(blocks, sector -> true, sector -> false);
    }

    /** The new sectors of a block, a bit for each. */
    int kept(int block) {
        return kept[block] & 0xFF;
    }

    /** The zeroed sectors of a block, a bit for each. */
    int zeroed(int block) {
        return zeroed[block] & 0xFF;
    }

    /** The number of the last sector that was touched, plus one; zero if none was. */
    int endSector(byte[] atRisk) {
        for (var block = kept.length - 1; block >= 0; block--) {
            var touched = (kept[block] | zeroed[block]) & atRisk[block] & 0xFF;
            if (touched != 0) {
                return block * Block.SECTORS + Integer.SIZE - Integer.numberOfLeadingZeros(touched);
            }
        }
        return 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tear that && Arrays.equals(kept, that.kept) && Arrays.equals(zeroed, that.zeroed);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(kept) * 31 + Arrays.hashCode(zeroed);
    }

    /** The runs of equal sectors, for example {@code new 0-2, old 3-6, zero 7}. */
    @Override
    public String toString() {
        var text = new StringBuilder();
        var sectors = kept.length * Block.SECTORS;
        var start = 0;
        for (var sector = 1; sector <= sectors; sector++) {
            if (sector == sectors || !nameOf(sector).equals(nameOf(start))) {
                text.append(text.isEmpty() ? "" : ", ")
                        .append(nameOf(start))
                        .append(' ')
                        .append(start);
                text.append(sector - 1 > start ? "-" + (sector - 1) : "");
                start = sector;
            }
        }
        return text.toString();
    }

    private String nameOf(int sector) {
        var bit = 1 << sector % Block.SECTORS;
        if ((kept[sector / Block.SECTORS] & bit) != 0) {
            return "new";
        }
        return (zeroed[sector / Block.SECTORS] & bit) != 0 ? "zero" : "old";
    }
}
