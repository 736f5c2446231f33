package dev.ktm.servers;

import dev.ktm.log.testing.JavaCommand;
import java.nio.file.Path;
import java.util.List;
import org.h2.jdbcx.JdbcDataSource;
import org.h2.tools.Server;

/** H2, as a server. Its default delay of writes would lose what has committed in one phase just before a kill. */
final class H2 implements Product {

    @Override
    public List<String> command(Path directory, int port) {
        return JavaCommand.of(
                List.of(), Server.class.getName(), "-tcp", "-tcpPort", port, "-ifNotExists", "-baseDir", directory);
    }

    @Override
    public JdbcClient client(int port, String place) {
        return client("jdbc:h2:tcp://127.0.0.1:" + port + "/./work;WRITE_DELAY=0", place);
    }

    /** A database at this address. */
    static JdbcClient client(String url, String place) {
        var source = new JdbcDataSource();
        source.setURL(url);
        source.setUser("sa");
        source.setPassword("");
        return new JdbcClient(source, place, "SELECT TRANSACTION_NAME FROM INFORMATION_SCHEMA.IN_DOUBT");
    }
}
