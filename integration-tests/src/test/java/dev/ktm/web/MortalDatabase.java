package dev.ktm.web;

import dev.ktm.servers.SteppedDriver;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.logging.Logger;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import org.apache.derby.jdbc.EmbeddedXADataSource;

/** A Derby database in a process that dies when it is told to commit for the first time, if that process was started so. */
public final class MortalDatabase implements XADataSource {

    static final String DIES = "dev.ktm.web.dies";
    static final int STATUS = 86;

    private final EmbeddedXADataSource source = new EmbeddedXADataSource();

    public void setDatabaseName(String value) {
        source.setDatabaseName(value);
        source.setCreateDatabase("create");
    }

    private static void reached(String step) {
        if (Boolean.getBoolean(DIES) && step.equals("it before commit")) {
            Runtime.getRuntime().halt(STATUS);
        }
    }

    @Override
    public XAConnection getXAConnection() throws SQLException {
        var driver = new SteppedDriver("it");
        driver.tell(MortalDatabase::reached);
        return driver.watch(XADataSource.class, source).getXAConnection();
    }

    @Override
    public XAConnection getXAConnection(String user, String password) throws SQLException {
        return getXAConnection();
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return source.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter value) throws SQLException {
        source.setLogWriter(value);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        source.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return source.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getLogger("derby");
    }
}
