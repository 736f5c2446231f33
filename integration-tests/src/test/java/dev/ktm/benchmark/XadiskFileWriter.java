package dev.ktm.benchmark;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.xadisk.bridge.proxies.interfaces.Session;
import org.xadisk.bridge.proxies.interfaces.XAFileSystem;
import org.xadisk.bridge.proxies.interfaces.XAFileSystemProxy;
import org.xadisk.filesystem.standalone.StandaloneFileSystemConfiguration;

/** Files in transactions of XADisk, with its default options. */
final class XadiskFileWriter implements FileWriter {

    private static final long BOOT_MILLIS = 30_000;
    private static final int COPY_BYTES = 1 << 20;

    private final Path directory;
    private final XAFileSystem fileSystem;

    XadiskFileWriter(Path directory, Path home) throws Exception {
        this.directory = directory.toAbsolutePath();
        this.fileSystem = XAFileSystemProxy.bootNativeXAFileSystem(
                new StandaloneFileSystemConfiguration(home.toAbsolutePath().toString(), "benchmark"));
        fileSystem.waitForBootup(BOOT_MILLIS);
    }

    @Override
    public String title() {
        return "XADisk";
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public void replace(String name, byte[] content) throws Exception {
        var session = fileSystem.createSessionForLocalTransaction();
        empty(session, name);
        write(session, name, content);
        session.commit();
    }

    /** A file of this name without content. */
    private void empty(Session session, String name) throws Exception {
        var file = directory.resolve(name).toFile();
        if (session.fileExists(file, true)) {
            session.truncateFile(file, 0);
        } else {
            session.createFile(file, false);
        }
    }

    private void write(Session session, String name, byte[] content) throws Exception {
        var out = session.createXAFileOutputStream(directory.resolve(name).toFile(), false);
        out.write(content);
        out.close();
    }

    @Override
    public void createAll(String prefix, int count, byte[] content) throws Exception {
        var session = fileSystem.createSessionForLocalTransaction();
        for (int i = 0; i < count; i++) {
            session.createFile(directory.resolve(prefix + i).toFile(), false);
            write(session, prefix + i, content);
        }
        session.commit();
    }

    @Override
    public void replaceBy(String name, Path source) throws Exception {
        var session = fileSystem.createSessionForLocalTransaction();
        empty(session, name);
        var out = session.createXAFileOutputStream(directory.resolve(name).toFile(), true);
        var buffer = new byte[COPY_BYTES];
        try (InputStream in = Files.newInputStream(source)) {
            for (int length = in.read(buffer); length > 0; length = in.read(buffer)) {
                out.write(buffer, 0, length);
            }
        }
        out.close();
        session.commit();
    }

    @Override
    public void close() throws IOException {
        fileSystem.shutdown();
    }
}
