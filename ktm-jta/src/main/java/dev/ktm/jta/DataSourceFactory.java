package dev.ktm.jta;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;

/** Opens a connection of a data source for each time that its branches are asked for, and closes it afterwards. */
final class DataSourceFactory implements XaResourceFactory {

    private final XADataSource dataSource;
    /** By identity: what a driver's resources think of equality does not count. */
    private final Map<XAResource, XAConnection> open = Collections.synchronizedMap(new IdentityHashMap<>());

    DataSourceFactory(XADataSource dataSource) {
        this.dataSource = dataSource;
    }

    @Override
    public XAResource open() throws Exception {
        var connection = dataSource.getXAConnection();
        try {
            var resource = connection.getXAResource();
            open.put(resource, connection);
            return resource;
        } catch (Exception | Error e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public void close(XAResource resource) throws Exception {
        var connection = open.remove(resource);
        if (connection != null) {
            connection.close();
        }
    }
}
