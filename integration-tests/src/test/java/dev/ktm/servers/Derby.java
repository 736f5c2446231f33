package dev.ktm.servers;

import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Path;
import java.util.List;
import org.apache.derby.drda.NetworkServerControl;
import org.apache.derby.jdbc.ClientDataSource;
import org.apache.derby.jdbc.ClientXADataSource;

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
