package dev.ktm.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.xa.PGXADataSource;

/** PostgreSQL, which refuses to run as root: then it runs as nobody. */
final class PostgreSql implements Product {

    private static final int NOBODY = 65534;
    private static final int SOCKET_TIMEOUT_SECONDS = 20;

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    @Override
    public Optional<String> missing() {
        var unfit = Binaries.unfitMachine();
        if (unfit.isEmpty() && isRoot() && !Files.isExecutable(Path.of("/usr/bin/setpriv"))) {
            return Optional.of("it does not run as root, and there is no setpriv to run it as somebody else");
        }
        return unfit;
    }

    private static Path binary(Path directory, String name) {
        return directory.resolve("bin").resolve(name);
    }

    private static List<String> run(Path binary, Object... arguments) {
        var command = new ArrayList<String>();
        if (isRoot()) {
            var id = Integer.toString(NOBODY);
            command.addAll(List.of("/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--"));
        }
        command.add(binary.toString());
        for (var each : arguments) {
            command.add(each.toString());
        }
        return command;
    }

    /** Lets everybody pass through the directories of a test, which are closed to others. */
    private static void openToAll(Path directory) throws IOException {
        var temporary = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
        for (var each = directory.toRealPath();
                !each.equals(temporary);
                each = each.resolve("..").normalize()) {
            var permissions = Files.getPosixFilePermissions(each);
            if (permissions.add(PosixFilePermission.OTHERS_EXECUTE)) {
                Files.setPosixFilePermissions(each, permissions);
            }
        }
    }

    /** The build's directories may be closed to others, too: the server runs from a copy beside its data. */
    private static void copyBinaries(Path directory) throws IOException {
        var kept = Binaries.directory("postgresql-18.4.0", Binaries.tarXz("postgres-linux-x86_64.txz"));
        try (var all = Files.walk(kept)) {
            for (var each : (Iterable<Path>) all::iterator) {
                var target = directory.resolve(kept.relativize(each));
                if (!Files.exists(target)) {
                    Files.copy(each, target, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
    }

    @Override
    public void install(Path directory) throws IOException, InterruptedException {
        copyBinaries(directory);
        Files.createDirectory(directory.resolve("data"));
        if (isRoot()) {
            openToAll(directory);
            Files.setAttribute(directory.resolve("data"), "unix:uid", NOBODY);
        }
        var command = run(
                binary(directory, "initdb"),
                "--pgdata",
                directory.resolve("data"),
                "--username=ktm",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync");
        try (var initdb = Leash.start(directory.resolve("initdb.log"), command)) {
            if (initdb.awaitEnd() != 0) {
                throw new IOException("initdb failed:\n" + initdb.lastWords());
            }
        }
    }

    @Override
    public List<String> command(Path directory, int port) {
        return run(
                binary(directory, "postgres"),
                "-D",
                directory.resolve("data"),
                "-p",
                port,
                "-h",
                "127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_prepared_transactions=20");
    }

    @Override
    public String stopSignal() {
        return "INT";
    }

    @Override
    public String url(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=ktm&socketTimeout=" + SOCKET_TIMEOUT_SECONDS;
    }

    @Override
    public DataSource plain(int port) {
        var source = new PGSimpleDataSource();
        source.setUrl(url(port));
        return source;
    }

    @Override
    public JdbcClient client(int port, String place) {
        var source = new PGXADataSource();
        source.setServerNames(new String[] {"127.0.0.1"});
        source.setPortNumbers(new int[] {port});
        source.setDatabaseName("postgres");
        source.setUser("ktm");
        source.setSocketTimeout(SOCKET_TIMEOUT_SECONDS);
        source.setConnectTimeout(SOCKET_TIMEOUT_SECONDS);
        return new JdbcClient(source, place, "SELECT gid FROM pg_prepared_xacts");
    }
}
