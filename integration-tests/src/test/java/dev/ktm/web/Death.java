package dev.ktm.web;

import java.nio.file.Path;
import java.sql.SQLException;
import org.apache.derby.jdbc.EmbeddedDataSource;

/** A server that dies while a request commits. */
final class Death {

    private Death() {}

    public static void main(String[] arguments) throws Exception {
        try (var server = TomcatServer.start(Path.of(arguments[0]), contextXml())) {
            System.out.println(server.get("make"));
            System.out.println(server.get("sell?item=lamp&end=commit"));
        }
    }

    /** That of the guide with databases that die with their process, and stay whole. */
    static String contextXml() throws Exception {
        return TomcatTest.contextXml()
                .replace("org.h2.jdbcx.JdbcDataSource", MortalDatabase.class.getName())
                .replaceAll("dataSource\\.url=\"jdbc:h2:(.*);WRITE_DELAY=0\"", "dataSource.databaseName=\"$1\"");
    }

    static void stopDatabases() {
        var all = new EmbeddedDataSource();
        all.setDatabaseName("");
        all.setShutdownDatabase("shutdown");
        try {
            all.getConnection().close();
        } catch (SQLException e) {
            // Which is how it says that it has stopped.
        }
    }
}
