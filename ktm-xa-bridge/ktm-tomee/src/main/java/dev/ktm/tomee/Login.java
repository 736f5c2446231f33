package dev.ktm.tomee;

import java.io.PrintWriter;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.function.Supplier;
import java.util.logging.Logger;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/** A database with the user that a pool logs in as; with the database's own if the pool names none. */
record Login(XADataSource database, @Nullable String user, Supplier<@Nullable String> password)
        implements XADataSource {

    @Override
    public XAConnection getXAConnection() throws SQLException {
        return user == null ? database.getXAConnection() : database.getXAConnection(user, password.get());
    }

    @Override
    public XAConnection getXAConnection(String otherUser, String otherPassword) throws SQLException {
        return database.getXAConnection(otherUser, otherPassword);
    }

    @Override
    public @Nullable PrintWriter getLogWriter() throws SQLException {
        return database.getLogWriter();
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) throws SQLException {
        database.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        database.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return database.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return database.getParentLogger();
    }

    /** A password is nobody's business. */
    @Override
    public String toString() {
        return "Login[" + database + ", " + user + "]";
    }
}
