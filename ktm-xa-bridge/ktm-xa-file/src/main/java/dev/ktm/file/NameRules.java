package dev.ktm.file;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.text.Normalizer;
import java.util.Comparator;
import java.util.Locale;

/**
 * Which names a file system takes for the same. Found out by trying, once for each life. What a file system does with rarer
 * characters may differ from this; then two names that it takes for the same are found at the vote.
 *
 * @param ignoresCase whether upper and lower case are the same
 * @param ignoresForm whether the composed and the decomposed form of a character are the same
 */
record NameRules(boolean ignoresCase, boolean ignoresForm) {

    /** Every name is another. */
    static final NameRules EXACT = new NameRules(false, false);

    /** Asks the file system of a work area. */
    static NameRules of(WorkArea area) throws IOException {
        var plain = area.newName();
        try {
            return of(area, plain + "-Probe\u00e9");
        } catch (InvalidPathException e) {
            // Names here have no such characters, so they have no forms.
            return of(area, plain + "-Probe");
        }
    }

    private static NameRules of(WorkArea area, String name) throws IOException {
        area.create(name).close();
        try {
            var last = Names.last(name);
            return new NameRules(
                    isThere(area, last.toUpperCase(Locale.ROOT)),
                    isThere(area, Normalizer.normalize(last, Normalizer.Form.NFD)) && !Normalizer.isNormalized(last, Normalizer.Form.NFD));
        } finally {
            area.discard(name);
        }
    }

    private static boolean isThere(WorkArea area, String last) throws IOException {
        return area.disk().stat(Names.child(WorkArea.WORK, last)).isPresent();
    }

    boolean areExact() {
        return !ignoresCase && !ignoresForm;
    }

    /** The same for all names that are the same. */
    String fold(String name) {
        var folded = name;
        if (ignoresForm) {
            folded = Normalizer.normalize(folded, Normalizer.Form.NFC);
        }
        if (ignoresCase) {
            folded = folded.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
        }
        return folded;
    }

    /** For maps in which the same names are the same. */
    Comparator<String> order() {
        return areExact() ? Comparator.naturalOrder() : Comparator.comparing(this::fold);
    }
}
