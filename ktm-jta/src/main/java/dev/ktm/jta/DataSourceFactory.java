package dev.ktm.jta;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;

/** Opens a connection of a data source for each time that its branches are asked for, and closes it afterwards. */
final class DataSourceFactory implements XaResourceFactory {

    private final XADataSource dataSource;
    private final Map<Integer, XAConnection> open = new ConcurrentHashMap<>();

    DataSourceFactory(XADataSource dataSource) {
        this.dataSource = dataSource;
    }

    @Override
    public XAResource open() throws Exception {
        var connection = dataSource.getXAConnection();
        try {
            var resource = connection.getXAResource();
            open.put(System.identityHashCode(resource), connection);
            return resource;
        } catch (Exception | Error e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public void close(XAResource resource) throws Exception {
        var connection = open.remove(System.identityHashCode(resource));
        if (connection != null) {
            connection.close();
        }
    }
}
