package dev.ktm.file;

import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;

/** How a file is to be opened. */
record OpenMode(
        boolean read,
        boolean write,
        boolean append,
        boolean create,
        boolean createNew,
        boolean truncate,
        boolean deleteOnClose,
        boolean sync,
        boolean followLinks,
        Set<Deny> denied,
        Version version) {

    private static final Version ANY = Version.DIRTY;

    /** Reads options as {@link java.nio.file.Files#newByteChannel} describes them. */
    static OpenMode of(Set<? extends OpenOption> options) {
        var standard = EnumSet.noneOf(StandardOpenOption.class);
        var denied = EnumSet.noneOf(Deny.class);
        var others = new HashSet<OpenOption>();
        var version = ANY;
        for (var option : options) {
            if (option instanceof StandardOpenOption known) {
                standard.add(known);
            } else if (option instanceof Deny deny) {
                denied.add(deny);
            } else if (option instanceof Version wanted) {
                version = wanted;
            } else if (option == LinkOption.NOFOLLOW_LINKS) {
                others.add(option);
            } else {
                throw new UnsupportedOperationException("expected a standard option, Deny or Version, found " + option);
            }
        }
        boolean append = standard.contains(StandardOpenOption.APPEND);
        boolean write = append || standard.contains(StandardOpenOption.WRITE);
        boolean read = !write || standard.contains(StandardOpenOption.READ);
        if (append && standard.contains(StandardOpenOption.READ)) {
            throw new IllegalArgumentException("expected READ or APPEND, found both");
        }
        if (append && standard.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
            throw new IllegalArgumentException("expected APPEND or TRUNCATE_EXISTING, found both");
        }
        return new OpenMode(
                read,
                write,
                append,
                write && standard.contains(StandardOpenOption.CREATE),
                write && standard.contains(StandardOpenOption.CREATE_NEW),
                write && standard.contains(StandardOpenOption.TRUNCATE_EXISTING),
                standard.contains(StandardOpenOption.DELETE_ON_CLOSE),
                standard.contains(StandardOpenOption.SYNC) || standard.contains(StandardOpenOption.DSYNC),
                others.isEmpty(),
                denied,
                version);
    }
}
