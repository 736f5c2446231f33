package dev.ktm.file;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.Transaction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A coordinator and a root, in directories of a test. */
final class Fixture implements AutoCloseable {

    final Path directory;
    final Path rootDirectory;
    Ktm ktm;
    TransactedFiles files;

    Fixture(Path directory) throws Exception {
        this.directory = directory;
        this.rootDirectory = Files.createDirectories(directory.resolve("root"));
        this.ktm = openCoordinator();
        this.files = TransactedFiles.open(ktm, "test", rootDirectory);
    }

    private Ktm openCoordinator() {
        return Ktm.open(KtmOptions.builder()
                .logDirectory(directory.resolve("log"))
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    /** Closes both and opens them again. */
    void reopen() throws Exception {
        close();
        ktm = openCoordinator();
        files = TransactedFiles.open(ktm, "test", rootDirectory);
    }

    void reopen(FileOptions options) throws Exception {
        files.close();
        files = TransactedFiles.open(ktm, "test", rootDirectory, options);
    }

    Path path(String name) {
        return files.fileSystem().getPath(name);
    }

    Path plain(String name) {
        return files.plainFileSystem().getPath(name);
    }

    /** As the operating system has it. */
    Path real(String name) {
        return rootDirectory.resolve(name);
    }

    void begin() throws Exception {
        ktm.transactionManager().begin();
    }

    void commit() throws Exception {
        ktm.transactionManager().commit();
    }

    void rollback() throws Exception {
        ktm.transactionManager().rollback();
    }

    Transaction suspend() throws Exception {
        return java.util.Objects.requireNonNull(ktm.transactionManager().suspend());
    }

    void resume(Transaction transaction) throws Exception {
        ktm.transactionManager().resume(transaction);
    }

    KtmTransaction current() throws Exception {
        return (KtmTransaction)
                java.util.Objects.requireNonNull(ktm.transactionManager().getTransaction());
    }

    /** What is there, as the operating system has it: names and contents, without what is the manager's own. */
    Map<String, String> tree() throws IOException {
        return tree(rootDirectory);
    }

    /** What a view shows. */
    static Map<String, String> tree(Path top) throws IOException {
        var all = new TreeMap<String, String>();
        try (var walk = Files.walk(top)) {
            for (var path : (Iterable<Path>) walk::iterator) {
                var name = top.relativize(path).toString();
                if (!name.isEmpty() && !name.startsWith(WorkArea.HIDDEN)) {
                    all.put(name, describe(path));
                }
            }
        }
        return all;
    }

    private static String describe(Path path) throws IOException {
        if (Files.isSymbolicLink(path)) {
            return "-> " + Files.readSymbolicLink(path);
        }
        return Files.isDirectory(path) ? "/" : Files.readString(path, StandardCharsets.UTF_8);
    }

    /** How many files are on their way. */
    long working() throws IOException {
        try (var list = Files.list(rootDirectory.resolve(WorkArea.WORK))) {
            return list.count();
        }
    }

    static @Nullable TxfError errorOf(Throwable failure) {
        return failure instanceof TxfException refusal ? refusal.error() : null;
    }

    @Override
    public void close() {
        files.close();
        ktm.close();
    }
}
