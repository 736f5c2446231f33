package dev.ktm.file;

import java.io.IOException;
import java.text.Normalizer;
import java.util.Locale;

/** A disk that keeps names as they were given first, and takes them for the same in any case and form. */
final class FoldingDisk extends ForwardingDisk {

    private final Disk disk;

    FoldingDisk(Disk disk) {
        super(disk);
        this.disk = disk;
    }

    private static String fold(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFD).toLowerCase(Locale.ROOT);
    }

    @Override
    String nameOf(String name) throws IOException {
        var found = "";
        for (var part : Names.parts(name)) {
            found = Names.child(found, spelled(found, part));
        }
        return found;
    }

    private String spelled(String directory, String part) throws IOException {
        if (disk.stat(directory).filter(Stat::isDirectory).isPresent()) {
            for (var each : disk.list(directory)) {
                if (fold(each).equals(fold(part))) {
                    return each;
                }
            }
        }
        return part;
    }
}
