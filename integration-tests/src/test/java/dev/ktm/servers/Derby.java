package dev.ktm.servers;

import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.apache.derby.drda.NetworkServerControl;
import org.apache.derby.jdbc.ClientDataSource;
import org.apache.derby.jdbc.ClientXADataSource;
import org.jspecify.annotations.Nullable;

/** Derby, as a network server. A signal ends it like a crash: it has no other way to stop. */
final class Derby implements Product {

    /** Longer than any transaction may take: a branch that nobody prepared keeps its locks until its timeout. */
    private static final int LOCK_WAIT_SECONDS = 60;

    @Override
    public List<String> command(Path directory, int port) {
        return JavaCommand.of(
                List.of("-Dderby.system.home=" + directory, "-Dderby.locks.waitTimeout=" + LOCK_WAIT_SECONDS),
                NetworkServerControl.class.getName(),
                "start",
                "-h",
                "127.0.0.1",
                "-p",
                port,
                "-noSecurityManager");
    }

    private static <T extends ClientDataSource> T at(int port, T source) {
        source.setServerName("127.0.0.1");
        source.setPortNumber(port);
        source.setDatabaseName("work");
        source.setCreateDatabase("create");
        return source;
    }

    /**
     * One that was started after a crash can answer everybody with a {@link NullPointerException} of its own store, for as long as it runs:
     * its operator starts it once more.
     */
    @Override
    public boolean isBroken(int port) throws SQLException {
        try (var connection = plain(port).getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT COUNT(*) FROM SYS.SYSTABLES")) {
            return !rows.next();
        } catch (SQLException e) {
            if (isOfItsStore(e)) {
                return true;
            }
            throw e;
        }
    }

    /** Whether it says that its store has a null pointer where its cache should be. */
    static boolean isOfItsStore(@Nullable Throwable failure) {
        return failure instanceof SQLException
                && String.valueOf(failure.getMessage()).contains("NullPointerException")
                && String.valueOf(failure.getMessage()).contains("org.apache.derby.iapi.services.cache.CacheManager");
    }

    @Override
    public ClientDataSource plain(int port) {
        return at(port, new ClientDataSource());
    }

    @Override
    public JdbcClient client(int port, String place) {
        var source = at(port, new ClientXADataSource());
        return new JdbcClient(source, place, "SELECT XID FROM SYSCS_DIAG.TRANSACTION_TABLE WHERE STATUS = 'PREPARED'");
    }
}
