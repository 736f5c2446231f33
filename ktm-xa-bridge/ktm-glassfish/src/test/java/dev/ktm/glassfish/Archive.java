package dev.ktm.glassfish;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** What is deployed: files and classes in one. */
final class Archive {

    private final Map<String, byte[]> files = new LinkedHashMap<>();

    /** A web application whose classes are beans. */
    static Archive application(Map<String, String> files, Class<?>... classes) throws IOException {
        var archive = new Archive()
                .file(
                        "WEB-INF/beans.xml",
                        "<beans xmlns='https://jakarta.ee/xml/ns/jakartaee' version='4.0' bean-discovery-mode='all'/>")
                .classes("WEB-INF/classes/", classes);
        files.forEach(archive::file);
        return archive;
    }

    Archive file(String name, String text) {
        return file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    Archive file(String name, byte[] content) {
        files.put(name, content);
        return this;
    }

    Archive classes(String folder, Class<?>... classes) throws IOException {
        for (var each : classes) {
            var name = each.getName().replace('.', '/') + ".class";
            try (var in = Objects.requireNonNull(each.getClassLoader()).getResourceAsStream(name)) {
                file(folder + name, Objects.requireNonNull(in).readAllBytes());
            }
        }
        return this;
    }

    byte[] bytes() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(bytes)) {
            for (var file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                zip.write(file.getValue());
            }
        }
        return bytes.toByteArray();
    }

    /** Returns the file that it has been written to. */
    Path writeTo(Path file) throws IOException {
        return Files.write(file, bytes());
    }
}
