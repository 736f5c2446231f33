package dev.ktm.comparison.fault;

import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.apache.geronimo.transaction.manager.WrapperNamedXAResource;
import org.h2.jdbcx.JdbcDataSource;

/** What an application writes that has no data source which knows of transactions: a connection for each, enlisted at once. */
record EnlistedByHand(TransactionManager manager, JdbcDataSource database) {

    DataSource source() {
        return (DataSource) Proxy.newProxyInstance(
                EnlistedByHand.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("getConnection")) {
                        return connection();
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }

    private Connection connection() throws SQLException {
        var connection = database.getXAConnection();
        try {
            manager.getTransaction().enlistResource(new WrapperNamedXAResource(connection.getXAResource(), "database"));
        } catch (RollbackException | SystemException e) {
            connection.close();
            throw new SQLException("not enlisted", e);
        }
        return connection.getConnection();
    }
}
