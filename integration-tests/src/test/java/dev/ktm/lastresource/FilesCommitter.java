package dev.ktm.lastresource;

import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.log.LogOptions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.transaction.xa.XAResource;

/**
 * A process of its own that writes a file and a row in each database, and dies when the last resource has decided and the files and the other
 * database have been told. Its argument is the directory of the databases.
 */
final class FilesCommitter {

    /** What is written, below the root. */
    static final String NAME = "report.txt";

    static final String TEXT = "sold out";

    /** Nothing is written but what somebody waits for. */
    private static final LogOptions UNFLUSHED =
            LogOptions.builder().idleFlush(Duration.ofHours(1)).build();

    private FilesCommitter() {}

    /** Runs it, to its death. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var databases = Databases.in(directory);
        var ktm = databases.open(KtmOptions.builder().logOptions(UNFLUSHED), databases.audit());
        var files = TransactedFiles.open(ktm, "files", root(directory));
        var xa = databases.orders().getXAConnection();
        var connection = databases.audit().getConnection();
        ktm.transactionManager().begin();
        var transaction = ktm.transactionManager().getTransaction();
        transaction.enlistResource(ktm.named("audit", new LocalResource(connection)));
        Databases.insert(connection, 1);
        Files.writeString(files.fileSystem().getPath("/" + NAME), TEXT);
        transaction.enlistResource(ktm.named("orders", dyingAfterCommit(xa.getXAResource())));
        Databases.insert(xa.getConnection(), 1);
        ktm.transactionManager().commit();
    }

    static Path root(Path directory) throws java.io.IOException {
        return Files.createDirectories(directory.resolve("root"));
    }

    private static XAResource dyingAfterCommit(XAResource resource) {
        return (XAResource) Proxy.newProxyInstance(
                FilesCommitter.class.getClassLoader(),
                new Class<?>[] {XAResource.class},
                (proxy, method, arguments) -> {
                    try {
                        var result = method.invoke(resource, arguments);
                        if (method.getName().equals("commit")) {
                            Committer.die();
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
