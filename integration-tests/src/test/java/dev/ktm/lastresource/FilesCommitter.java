package dev.ktm.lastresource;

import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.log.LogOptions;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.testing.PlantedDevice;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAResource;

/**
 * A process of its own that changes files and a row in each database, and dies when the last resource has decided and the files and the other
 * database have been told. Its arguments are the directory of the databases, what it does with the files, and whether the log loses what
 * it is told from the decision on, although it says that it was written.
 */
final class FilesCommitter {

    /** What is written, below the root. */
    static final String NAME = "report.txt";

    static final String TEXT = "sold out";
    static final String DIRECTORY = "of-today";

    /** More than the log takes. */
    static final String LONG_TEXT = "sold out again\n".repeat(300_000);

    /** What was committed before, with files alone, and is in the log still; and what is done about it together with the last resource. */
    enum Change {
        MAKES_A_FILE,
        DELETES_A_LONG_FILE,
        REPLACES_A_FILE_BY_A_LONG_ONE,
        REPLACES_A_LONG_FILE,
        DELETES_A_FILE_WITH_ITS_DIRECTORY,
        MAKES_A_DIRECTORY_OF_A_FILE,
        MAKES_A_LINK_OF_A_FILE;

        private void before(Path root) throws IOException {
            switch (this) {
                case MAKES_A_FILE -> {}
                case DELETES_A_LONG_FILE, REPLACES_A_LONG_FILE -> Files.writeString(root.resolve(NAME), LONG_TEXT);
                case REPLACES_A_FILE_BY_A_LONG_ONE, MAKES_A_DIRECTORY_OF_A_FILE, MAKES_A_LINK_OF_A_FILE ->
                    Files.writeString(root.resolve(NAME), "on sale");
                case DELETES_A_FILE_WITH_ITS_DIRECTORY ->
                    Files.writeString(root.resolve(DIRECTORY).resolve(NAME), "on sale");
            }
        }

        private void together(Path root) throws IOException {
            switch (this) {
                case MAKES_A_FILE, REPLACES_A_LONG_FILE -> Files.writeString(root.resolve(NAME), TEXT);
                case DELETES_A_LONG_FILE -> Files.delete(root.resolve(NAME));
                case REPLACES_A_FILE_BY_A_LONG_ONE -> Files.writeString(root.resolve(NAME), LONG_TEXT);
                case DELETES_A_FILE_WITH_ITS_DIRECTORY -> {
                    Files.delete(root.resolve(DIRECTORY).resolve(NAME));
                    Files.delete(root.resolve(DIRECTORY));
                }
                case MAKES_A_DIRECTORY_OF_A_FILE -> {
                    Files.delete(root.resolve(NAME));
                    Files.createDirectory(root.resolve(NAME));
                }
                case MAKES_A_LINK_OF_A_FILE -> {
                    Files.delete(root.resolve(NAME));
                    Files.createSymbolicLink(
                            root.resolve(NAME), root.getFileSystem().getPath("elsewhere"));
                }
            }
        }
    }

    /** Nothing is written but what somebody waits for. */
    private static final LogOptions UNFLUSHED = LogOptions.builder()
            .containerBytes(1 << 20)
            .idleFlush(Duration.ofHours(1))
            .build();

    private FilesCommitter() {}

    /** Runs it, to its death. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var change = Change.valueOf(arguments[1]);
        var databases = Databases.in(directory);
        var losing = new AtomicBoolean();
        var ktm = databases.openOver(KtmOptions.builder()
                .logOptions(UNFLUSHED)
                .device(new PlantedDevice(FileDevice.openOrCreate(databases.log()), new PlantedDevice.Bug() {
                    @Override
                    public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
                        if (!losing.get()) {
                            file.writeThrough(position, source);
                        }
                    }
                })));
        ktm.registerLastResource("audit", databases.audit());
        var files = TransactedFiles.open(ktm, "files", root(directory));
        var root = files.fileSystem().getPath("/");
        ktm.transactionManager().begin();
        Files.createDirectory(root.resolve(DIRECTORY));
        ktm.transactionManager().commit();
        files.settle();
        var xa = databases.orders().getXAConnection();
        boolean loses = Boolean.parseBoolean(arguments[2]);
        var connection = then(Connection.class, databases.audit().getConnection(), () -> losing.set(loses));
        ktm.transactionManager().begin();
        change.before(root);
        ktm.transactionManager().commit();
        ktm.transactionManager().begin();
        var transaction = ktm.transactionManager().getTransaction();
        transaction.enlistResource(ktm.named("audit", new LocalResource(connection)));
        Databases.insert(connection, 1);
        change.together(root);
        transaction.enlistResource(ktm.named("orders", then(XAResource.class, xa.getXAResource(), Committer::die)));
        Databases.insert(xa.getConnection(), 1);
        ktm.transactionManager().commit();
    }

    static Path root(Path directory) throws IOException {
        return Files.createDirectories(directory.resolve("root"));
    }

    /** The same, but for what happens when it has committed. */
    private static <T> T then(Class<T> type, T target, Runnable committed) {
        return type.cast(Proxy.newProxyInstance(
                FilesCommitter.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    try {
                        var result = method.invoke(target, arguments);
                        if (method.getName().equals("commit")) {
                            committed.run();
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
