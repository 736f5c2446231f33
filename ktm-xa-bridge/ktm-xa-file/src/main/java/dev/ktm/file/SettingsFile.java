package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Set;

/** Settings as they are kept in a root: lines of a name, an equals sign and a value. */
final class SettingsFile {

    static final String NAME = WorkArea.HIDDEN + "/settings";
    private static final String VERSION = "version=1";
    private static final String WHEN_LOG_IS_FULL = "when-log-is-full=";
    private static final int MOST_BYTES = 4096;

    private final WorkArea area;
    private final Disk disk;

    SettingsFile(WorkArea area) {
        this.area = area;
        this.disk = area.disk();
    }

    /** What was kept; what a new root has if nothing was. */
    FileSettings read() throws IOException {
        byte[] found;
        try (var file = disk.open(NAME, Set.of(StandardOpenOption.READ))) {
            var bytes = ByteBuffer.allocate(MOST_BYTES);
            while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {}
            found = Arrays.copyOf(bytes.array(), bytes.position());
        } catch (NoSuchFileException e) {
            return FileSettings.defaults();
        }
        var text = new String(found, StandardCharsets.UTF_8);
        for (var each : WhenLogIsFull.values()) {
            if (text.equals(textOf(new FileSettings(each)))) {
                return new FileSettings(each);
            }
        }
        throw new TxfException(
                TxfError.RM_METADATA_CORRUPT,
                NAME,
                "expected " + textOf(FileSettings.defaults()).strip() + " or the like, found " + text.strip()
                        + ": remove it, or open the root with a reset of what is damaged");
    }

    private static String textOf(FileSettings settings) {
        return VERSION + "\n" + WHEN_LOG_IS_FULL + settings.whenLogIsFull() + "\n";
    }

    /** Keeps them; durable when this returns. */
    void write(FileSettings settings) throws IOException {
        var aside = area.newName();
        try (var file = area.create(aside)) {
            file.write(ByteBuffer.wrap(textOf(settings).getBytes(StandardCharsets.UTF_8)), 0);
            file.force();
        } catch (IOException e) {
            area.discard(aside);
            throw e;
        }
        disk.rename(aside, NAME);
        disk.forceDirectory(WorkArea.HIDDEN);
    }
}
