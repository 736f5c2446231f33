package dev.ktm.glassfish;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.apache.derby.jdbc.EmbeddedXADataSource;
import org.jspecify.annotations.Nullable;

/** A Derby whose process dies when a branch is to commit, if the system property {@code crash} says so. */
public class CrashingDataSource implements XADataSource {

    /** What the process ends with. */
    static final int CRASHED = 42;

    private final EmbeddedXADataSource derby = new EmbeddedXADataSource();

    /** Where it is. */
    public void setDatabaseName(String name) {
        derby.setDatabaseName(name);
    }

    /** Where it is. */
    public String getDatabaseName() {
        return derby.getDatabaseName();
    }

    /** {@code create}, if it is to be made. */
    public void setCreateDatabase(String create) {
        derby.setCreateDatabase(create);
    }

    /** {@code create}, if it is to be made. */
    public String getCreateDatabase() {
        return derby.getCreateDatabase();
    }

    @Override
    public XAConnection getXAConnection() throws SQLException {
        return crashing(derby.getXAConnection());
    }

    @Override
    public XAConnection getXAConnection(String user, String password) throws SQLException {
        return crashing(derby.getXAConnection(user, password));
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(PrintWriter writer) {}

    @Override
    public void setLoginTimeout(int seconds) {}

    @Override
    public int getLoginTimeout() {
        return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException();
    }

    private static XAConnection crashing(XAConnection connection) {
        return proxy(XAConnection.class, connection);
    }

    private static <T> T proxy(Class<T> kind, T target) {
        return kind.cast(Proxy.newProxyInstance(
                CrashingDataSource.class.getClassLoader(), new Class<?>[] {kind}, (proxy, method, arguments) -> {
                    if (method.getName().equals("commit") && Boolean.getBoolean("crash")) {
                        Runtime.getRuntime().halt(CRASHED);
                    }
                    try {
                        var answer = method.invoke(target, arguments);
                        return answer instanceof XAResource resource ? proxy(XAResource.class, resource) : answer;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
