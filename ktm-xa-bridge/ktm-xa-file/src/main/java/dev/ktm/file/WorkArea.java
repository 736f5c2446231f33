package dev.ktm.file;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The hidden directory of a root, where files are made before they are moved to their places: on the same device, so that a rename
 * is enough. Safe for many threads.
 */
final class WorkArea {

    /** The directory in the root that is ours; nobody sees it through us. */
    static final String HIDDEN = ".ktm-files";

    /** Files on their way. */
    static final String WORK = HIDDEN + "/work";

    /** Objects that somebody else has put in the way of what was decided. */
    static final String ASIDE = HIDDEN + "/set-aside";

    private static final Set<StandardOpenOption> NEW =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);

    private final Disk disk;
    private final String life;
    private final AtomicLong next = new AtomicLong();

    WorkArea(Disk disk) {
        this.disk = disk;
        // Two lives never use one name twice, so that what is left of an earlier one is not mistaken.
        this.life = Long.toUnsignedString(UUID.randomUUID().getMostSignificantBits(), Character.MAX_RADIX);
    }

    Disk disk() {
        return disk;
    }

    /** A name that nobody has used. */
    String newName() {
        return WORK + "/" + life + "-" + next.incrementAndGet();
    }

    DiskFile create(String name) throws IOException {
        return disk.open(name, NEW);
    }

    void discard(String name) {
        try {
            disk.delete(name);
        } catch (NoSuchFileException e) {
            // It has been moved to its place.
        } catch (IOException e) {
            log("a file of the work area could not be deleted: the next start does it", e);
        }
    }

    static void log(String what, Exception why) {
        System.getLogger(WorkArea.class.getName()).log(System.Logger.Level.WARNING, what, why);
    }
}
