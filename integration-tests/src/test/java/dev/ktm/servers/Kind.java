package dev.ktm.servers;

import jakarta.jms.ConnectionFactory;
import jakarta.jms.XAConnectionFactory;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;
import javax.sql.XADataSource;

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

    /** Somebody who uses such a server at this port, with a table or queue of this name. */
    public Client client(int port, String place) {
        return product().client(port, place);
    }

    /** Whether it has queues, rather than tables. */
    public boolean isBroker() {
        return this == ARTEMIS || this == ACTIVEMQ;
    }

    /** The XA data source of such a database that listens at this port. */
    public XADataSource xaDataSource(int port) {
        if (product().client(port, Server.ORDERS) instanceof JdbcClient database) {
            return database.source();
        }
        throw new UnsupportedOperationException("expected a database, found " + this);
    }

    /** The connection factories, with XA and without, of such a broker that listens at this port. */
    public Factories factories(int port) {
        if (product().client(port, Server.ORDERS) instanceof JmsClient broker) {
            return new Factories(broker.factory(), broker.plain());
        }
        throw new UnsupportedOperationException("expected a broker, found " + this);
    }

    /**
     * How a broker is reached.
     *
     * @param xa for transactions
     * @param plain for everything else
     */
    public record Factories(XAConnectionFactory xa, ConnectionFactory plain) {}

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
