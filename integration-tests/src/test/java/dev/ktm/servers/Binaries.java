package dev.ktm.servers;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/** The files of servers that come in an archive of the class path: unpacked once, and kept with what the build makes. */
final class Binaries {

    private static final Path KEPT_IN = Path.of("target", "servers").toAbsolutePath();
    private static final String EXECUTABLE = "rwxr-xr-x";

    private Binaries() {}

    /** Unpacks something into a directory. */
    interface Unpacking {
        void into(Path directory) throws IOException;
    }

    /** Why binaries for Linux on x86-64 cannot run on this machine. */
    static Optional<String> unfitMachine() {
        var system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        return system.equals("Linux amd64")
                ? Optional.empty()
                : Optional.of("its binaries need Linux on amd64, found " + system);
    }

    /** The directory of this name. Whoever comes first unpacks it, also if several processes come at once. */
    static Path directory(String name, Unpacking unpacking) throws IOException {
        Files.createDirectories(KEPT_IN);
        var directory = KEPT_IN.resolve(name);
        var open = new StandardOpenOption[] {StandardOpenOption.CREATE, StandardOpenOption.WRITE};
        try (var lock = FileChannel.open(KEPT_IN.resolve(name + ".lock"), open);
                var held = lock.lock()) {
            if (!Files.exists(directory)) {
                var beside = Files.createTempDirectory(KEPT_IN, name);
                unpacking.into(beside);
                Files.setPosixFilePermissions(beside, PosixFilePermissions.fromString(EXECUTABLE));
                Files.move(beside, directory);
            }
        }
        return directory;
    }

    private static InputStream resource(String name) throws IOException {
        var found = Binaries.class.getClassLoader().getResourceAsStream(name);
        if (found == null) {
            throw new IOException("expected " + name + " on the class path");
        }
        return new BufferedInputStream(found);
    }

    /** Unpacks a compressed tar archive that is on the class path. */
    static Unpacking tarXz(String resource) {
        return directory -> {
            try (var tar = new TarArchiveInputStream(new XZCompressorInputStream(resource(resource)))) {
                for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    var target = directory.resolve(entry.getName()).normalize();
                    if (entry.isDirectory()) {
                        Files.createDirectories(target);
                    } else if (entry.isSymbolicLink()) {
                        Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
                    } else {
                        write(tar, target);
                    }
                }
            }
        };
    }

    /** Unpacks those files of an archive on the class path that are below a folder and wanted. */
    static Unpacking zip(String folder, Predicate<String> wanted) {
        return directory -> {
            var found = Binaries.class.getClassLoader().getResource(folder);
            if (found == null) {
                throw new IOException("expected " + folder + " on the class path");
            }
            var connection = (java.net.JarURLConnection) found.openConnection();
            try (var zip = new ZipInputStream(
                    new BufferedInputStream(connection.getJarFileURL().openStream()))) {
                for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                    var name = entry.getName();
                    if (!entry.isDirectory()
                            && name.startsWith(folder)
                            && wanted.test(name.substring(folder.length()))) {
                        write(zip, directory.resolve(name.substring(folder.length())));
                    }
                }
            }
        };
    }

    private static void write(InputStream from, Path target) throws IOException {
        Files.createDirectories(target.resolveSibling("."));
        Files.copy(from, target);
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString(EXECUTABLE));
    }
}
