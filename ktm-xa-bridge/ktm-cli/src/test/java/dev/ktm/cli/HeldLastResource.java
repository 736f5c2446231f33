package dev.ktm.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;
import javax.transaction.xa.XAException;
import javax.transaction.xa.Xid;
import org.h2.jdbcx.JdbcDataSource;
import org.jboss.tm.ConnectableResource;
import org.jboss.tm.LastResource;

/** A connection of a database without XA, which can be gone when it is asked to commit. */
final class HeldLastResource extends HeldResource implements LastResource, ConnectableResource {

    private static final String TABLE =
            "CREATE TABLE ktm_decision (manager_id VARCHAR(36) NOT NULL, incarnation BIGINT NOT NULL,"
                    + " sequence_number BIGINT NOT NULL, outcome CHAR(1) NOT NULL,"
                    + " PRIMARY KEY (manager_id, incarnation, sequence_number))";

    private final DataSource source;
    private final Connection connection;

    HeldLastResource() throws SQLException {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:" + UUID.randomUUID());
        this.connection = database.getConnection();
        try (var statement = connection.createStatement()) {
            statement.execute(TABLE);
        }
        connection.setAutoCommit(false);
        this.source = (DataSource) Proxy.newProxyInstance(
                HeldLastResource.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                    if (gone) {
                        throw new SQLException(complaint, "08001");
                    }
                    try {
                        return method.invoke(database, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Where it can be asked what it has decided, as long as it is there. */
    DataSource source() {
        return source;
    }

    @Override
    public Object getConnection() {
        return connection;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        gone = true;
        super.commit(xid, onePhase);
    }
}
