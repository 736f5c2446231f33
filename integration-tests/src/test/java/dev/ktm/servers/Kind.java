package dev.ktm.servers;

import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;

/** The resource managers that run here. */
public enum Kind {
    POSTGRESQL,
    MARIADB,
    H2,
    DERBY,
    ARTEMIS,
    ACTIVEMQ;

    /** Why it cannot run on this machine; empty if it can. */
    public Optional<String> missing() {
        return product().missing();
    }

    /** The data source, without XA and without a pool, of such a database that listens at this port. */
    public DataSource plain(int port) throws SQLException {
        return product().plain(port);
    }

    Product product() {
        return switch (this) {
            case POSTGRESQL -> new PostgreSql();
            case MARIADB -> new MariaDb();
            case H2 -> new H2();
            case DERBY -> new Derby();
            case ARTEMIS -> new Artemis();
            case ACTIVEMQ -> new ActiveMqClassic();
        };
    }
}
