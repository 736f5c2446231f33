package dev.ktm.benchmark;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.log.Log;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Files in transactions of KTM, with its default options. */
final class KtmFileWriter implements FileWriter {

    private final Path directory;
    private final Ktm ktm;
    private final Log log;
    private final TransactedFiles files;
    private final FileSystem fileSystem;

    KtmFileWriter(Path directory, Path logDirectory) throws Exception {
        this.directory = directory;
        this.ktm = Ktm.open(KtmOptions.builder().logDirectory(logDirectory).build());
        this.log = ktm.manager().log().orElseThrow();
        KtmLogAdapter.awaitFilled(log);
        this.files = TransactedFiles.open(ktm, "benchmark", directory);
        this.fileSystem = files.fileSystem();
    }

    @Override
    public String title() {
        return "transactions";
    }

    @Override
    public Path directory() {
        return directory;
    }

    FileSystem fileSystem() {
        return fileSystem;
    }

    Ktm ktm() {
        return ktm;
    }

    @Override
    public void replace(String name, byte[] content) throws Exception {
        ktm.userTransaction().begin();
        Files.write(fileSystem.getPath(name), content);
        ktm.userTransaction().commit();
    }

    @Override
    public void createAll(String prefix, int count, byte[] content) throws Exception {
        ktm.userTransaction().begin();
        for (int i = 0; i < count; i++) {
            Files.write(fileSystem.getPath(prefix + i), content, StandardOpenOption.CREATE_NEW);
        }
        ktm.userTransaction().commit();
    }

    @Override
    public void replaceBy(String name, Path source) throws Exception {
        ktm.userTransaction().begin();
        try (var from = FileChannel.open(source, StandardOpenOption.READ);
                var to = FileChannel.open(
                        fileSystem.getPath(name),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            PlainFileWriter.copy(from, to);
        }
        ktm.userTransaction().commit();
    }

    @Override
    public void settle() throws Exception {
        files.settle();
    }

    /** Forced writes of the log so far. */
    long logForces() throws Exception {
        return log.stats().frames();
    }

    /** Forced writes of files and directories so far. */
    long fileForces() throws Exception {
        return files.statistics().forces();
    }

    @Override
    public void close() throws Exception {
        files.close();
        ktm.close();
    }
}
