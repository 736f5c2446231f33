package dev.ktm.powercut;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.log.LogOptions;
import dev.ktm.registry.Registry;
import java.nio.file.Files;
import java.nio.file.Path;

/** A coordinator with its log, files and a registry, all on one file system. */
final class Site implements AutoCloseable {

    /** Small, so that it is reused, and files and hive are settled, many times. */
    private static final LogOptions SMALL =
            LogOptions.builder().containerBytes(512 << 10).containers(4).build();

    final Ktm ktm;
    final TransactedFiles files;
    final Registry registry;

    private Site(Ktm ktm, TransactedFiles files, Registry registry) {
        this.ktm = ktm;
        this.files = files;
        this.registry = registry;
    }

    static Site open(Path mounted) throws Exception {
        var root = Files.createDirectories(root(mounted));
        var ktm = Ktm.open(KtmOptions.builder()
                .logDirectory(mounted.resolve("log"))
                .logOptions(SMALL)
                .build());
        try {
            var files = TransactedFiles.open(ktm, "files", root);
            try {
                return new Site(ktm, files, Registry.open(ktm, "settings"));
            } catch (Exception | Error e) {
                files.close();
                throw e;
            }
        } catch (Exception | Error e) {
            ktm.close();
            throw e;
        }
    }

    static Path root(Path mounted) {
        return mounted.resolve("root");
    }

    @Override
    public void close() {
        registry.close();
        files.close();
        ktm.close();
    }
}
