package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;

/**
 * A random number that a root and the log have in common: what the log has committed for one directory is not done in another that
 * has been put in its place.
 */
final class RootIdentity {

    private static final String NAME = WorkArea.HIDDEN + "/id";
    private static final int BYTES = 2 * Long.BYTES;
    private static final UUID UNKNOWN = new UUID(0, 0);

    private final WorkArea area;
    private final Disk disk;
    private UUID own = UNKNOWN;
    private UUID expected = UNKNOWN;

    RootIdentity(WorkArea area) {
        this.area = area;
        this.disk = area.disk();
    }

    /** Reads it, or gives the root one. */
    void open() throws IOException {
        var bytes = ByteBuffer.allocate(BYTES);
        try (var file = disk.open(NAME, Set.of(StandardOpenOption.READ))) {
            while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {}
        } catch (NoSuchFileException e) {
            // It is new.
        }
        if (!bytes.hasRemaining()) {
            own = of(bytes.flip());
            return;
        }
        own = UUID.randomUUID();
        var aside = area.newName();
        try (var file = area.create(aside)) {
            file.write(bytes(), 0);
            file.force();
        }
        disk.rename(aside, NAME);
        disk.forceDirectory(WorkArea.HIDDEN);
    }

    private static UUID of(ByteBuffer bytes) {
        return new UUID(bytes.getLong(), bytes.getLong());
    }

    /** For the log. */
    ByteBuffer bytes() {
        return ByteBuffer.allocate(BYTES)
                .putLong(own.getMostSignificantBits())
                .putLong(own.getLeastSignificantBits())
                .flip();
    }

    /** What the log says. */
    void expect(ByteBuffer logged) {
        expected = logged.remaining() < BYTES ? UNKNOWN : of(logged.duplicate());
    }

    /** The log has something for the root: it must be the one that it was logged for. */
    void require() throws TxfException {
        if (!expected.equals(UNKNOWN) && !expected.equals(own)) {
            throw new TxfException(
                    TxfError.RM_METADATA_CORRUPT,
                    String.valueOf(disk.path("")),
                    "expected the root " + expected + ", for which the log has changes that are committed or in doubt, found "
                            + own + ": put the directory back, or open this one with a reset of what is damaged");
        }
    }
}
