package dev.ktm.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Files as the operating system has them: written aside and renamed.
 *
 * @param forced whether each file, and the directory, is forced: the usual safe way
 */
record PlainFileWriter(String title, Path directory, boolean forced) implements FileWriter {

    @Override
    public void replace(String name, byte[] content) throws IOException {
        var aside = directory.resolve(name + ".new");
        write(aside, content, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
        moveIntoPlace(aside, name);
    }

    private void write(Path file, byte[] content, StandardOpenOption... how) throws IOException {
        var options = new java.util.HashSet<StandardOpenOption>(java.util.List.of(how));
        options.add(StandardOpenOption.WRITE);
        try (var channel = FileChannel.open(file, options)) {
            channel.write(ByteBuffer.wrap(content));
            if (forced) {
                channel.force(true);
            }
        }
    }

    private void moveIntoPlace(Path aside, String name) throws IOException {
        Files.move(aside, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        if (forced) {
            forceDirectory();
        }
    }

    private void forceDirectory() throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public void createAll(String prefix, int count, byte[] content) throws IOException {
        for (int i = 0; i < count; i++) {
            write(directory.resolve(prefix + i), content, StandardOpenOption.CREATE_NEW);
        }
        if (forced) {
            forceDirectory();
        }
    }

    @Override
    public void replaceBy(String name, Path source) throws IOException {
        var aside = directory.resolve(name + ".new");
        try (var from = FileChannel.open(source, StandardOpenOption.READ);
                var to = FileChannel.open(
                        aside,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            copy(from, to);
            if (forced) {
                to.force(true);
            }
        }
        moveIntoPlace(aside, name);
    }

    /** Copies the whole of one file to another. */
    static void copy(FileChannel from, FileChannel to) throws IOException {
        long size = from.size();
        long at = 0;
        while (at < size) {
            at += to.transferFrom(from, at, size - at);
        }
    }
}
