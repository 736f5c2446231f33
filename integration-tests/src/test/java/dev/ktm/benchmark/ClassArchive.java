package dev.ktm.benchmark;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;

/**
 * This class path as archives alone, and what Java calls a class data archive of what a program loads from it.
 *
 * @param classPath of archives, as sharing asks for
 * @param file the class data archive
 */
public record ClassArchive(String classPath, Path file) {

    /** The classes that the program loads until its end, to be shared with later machines. */
    public static ClassArchive of(Class<?> program, Path directory, String... arguments) throws IOException {
        var paths = new ArrayList<Path>();
        for (var entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            var path = Path.of(entry);
            if (Files.isDirectory(path)) {
                var packed = directory.resolve("classes-" + paths.size() + ".jar");
                pack(path, packed);
                paths.add(packed);
            } else if (Files.exists(path)) {
                paths.add(path);
            }
        }
        var archive = new ClassArchive(
                paths.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)),
                directory.resolve("classes.jsa"));
        // What cannot be shared is said, which is of no interest.
        NewMachine.run(
                archive.classPath,
                program,
                List.of("-XX:ArchiveClassesAtExit=" + archive.file, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"),
                arguments);
        if (!Files.exists(archive.file)) {
            throw new IOException("expected a class data archive at " + archive.file + ", found none");
        }
        return archive;
    }

    /** What a machine is told to share. */
    public List<String> options() {
        return List.of("-XX:SharedArchiveFile=" + file, "-Xshare:on");
    }

    private static void pack(Path directory, Path jar) throws IOException {
        try (var output = new JarOutputStream(Files.newOutputStream(jar));
                var files = Files.walk(directory)) {
            for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                var name = directory.relativize(file).toString().replace(File.separatorChar, '/');
                output.putNextEntry(new ZipEntry(name));
                Files.copy(file, output);
                output.closeEntry();
            }
        }
    }
}
