package dev.ktm.foreign;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.registry.Registry;
import dev.ktm.registry.RegistryException;
import dev.ktm.registry.RegistryValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.XAConnection;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.h2.jdbcx.JdbcDataSource;
import org.h2.jdbcx.JdbcXAConnection;

/** Files and a registry of one coordinator, and a database that knows nothing of it. */
final class Site implements AutoCloseable {

    static final String KEY = "Software\\Foreign";

    private final Path root;
    private final JdbcDataSource database = new JdbcDataSource();
    private final List<XAConnection> sessions = new ArrayList<>();
    final Ktm ktm;
    final TransactedFiles files;
    final Registry registry;

    private Site(Path root, Ktm ktm, TransactedFiles files, Registry registry) {
        this.root = root;
        this.ktm = ktm;
        this.files = files;
        this.registry = registry;
    }

    static Site open(Path directory) throws Exception {
        var root = Files.createDirectories(directory.resolve("root"));
        var ktm = Ktm.open(
                KtmOptions.builder().logDirectory(directory.resolve("log")).build());
        var site = new Site(root, ktm, TransactedFiles.open(ktm, "files", root), Registry.open(ktm, "settings"));
        site.registry.root().createKey(KEY);
        site.database.setURL("jdbc:h2:file:" + directory.resolve("database") + ";WRITE_DELAY=0");
        site.database.setUser("sa");
        site.database.setPassword("");
        try (var connection = site.database.getConnection();
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS entry(name VARCHAR(100) PRIMARY KEY)");
        }
        return site;
    }

    /** What the other transaction manager's recovery has to know. */
    List<NamedResource> recoverable() {
        return List.of(
                new NamedResource("ktm", ktm::xaResource, this::isOurs),
                new NamedResource("database", () -> session().getXAResource(), JdbcXAConnection.class::isInstance));
    }

    private boolean isOurs(XAResource asked) {
        try {
            return ktm.xaResource().isSameRM(asked);
        } catch (XAException e) {
            return false;
        }
    }

    /** A session of the database. */
    XAConnection session() throws SQLException {
        var session = database.getXAConnection("sa", "");
        sessions.add(session);
        return session;
    }

    void insert(XAConnection session, String name) throws SQLException {
        Connection connection = session.getConnection();
        try (var statement = connection.prepareStatement("INSERT INTO entry VALUES(?)")) {
            statement.setString(1, name);
            statement.executeUpdate();
        }
    }

    void writeFile(String name) throws IOException {
        Files.writeString(files.fileSystem().getPath("/" + name), name);
    }

    void writeValue(String name) throws RegistryException {
        registry.transactedRoot().openKey(KEY).setValue(RegistryValue.string(name, name));
    }

    /** Which of the three hold what was written under this name, past the managers where that can be. */
    String holding(String name) throws Exception {
        var holding = new ArrayList<String>();
        var file = root.resolve(name);
        if (Files.exists(file)) {
            holding.add(Files.readString(file).equals(name) ? "file" : "a part of the file");
        }
        if (registry.root().openKey(KEY).find(name).isPresent()) {
            holding.add("registry");
        }
        try (var connection = database.getConnection();
                var statement = connection.prepareStatement("SELECT name FROM entry WHERE name = ?")) {
            statement.setString(1, name);
            if (statement.executeQuery().next()) {
                holding.add("database");
            }
        }
        return holding.isEmpty() ? "nothing" : String.join(" ", holding);
    }

    /** What a writer outside of transactions is told: that it is done, or the condition's name. */
    String plainWrite(String name) throws IOException {
        var path = files.plainFileSystem().getPath("/" + name);
        try {
            Files.writeString(path, "plain");
            Files.delete(path);
            return "done";
        } catch (dev.ktm.file.TxfException e) {
            return e.error().name();
        }
    }

    /** How many branches wait for a decision, here and in the database. */
    int inDoubt() throws Exception {
        int flags = XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN;
        return ktm.xaResource().recover(flags).length
                + session().getXAResource().recover(flags).length;
    }

    @Override
    public void close() throws Exception {
        for (var session : sessions) {
            session.close();
        }
        registry.close();
        files.close();
        ktm.close();
    }
}
