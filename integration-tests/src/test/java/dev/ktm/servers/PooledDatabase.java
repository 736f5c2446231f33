package dev.ktm.servers;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.jdbc.KtmDataSource;
import java.sql.SQLException;
import javax.sql.XADataSource;

/** A database through {@link KtmDataSource}. */
final class PooledDatabase implements Participant {

    private static final int CONNECTIONS = 8;
    private static final long LONGEST_WAIT_MILLIS = 5_000;

    private final SteppedDriver driver;
    private final KtmDataSource source;
    private final String insert;

    private PooledDatabase(SteppedDriver driver, KtmDataSource source, String insert) {
        this.driver = driver;
        this.source = source;
        this.insert = insert;
    }

    static PooledDatabase open(Ktm ktm, String name, XADataSource source, String table) throws SQLException {
        var driver = new SteppedDriver(name);
        var pool = new HikariConfig();
        pool.setMaximumPoolSize(CONNECTIONS);
        // Connections that nobody has asked for would be in the way of what is to happen to the next one.
        pool.setMinimumIdle(0);
        pool.setConnectionTimeout(LONGEST_WAIT_MILLIS);
        return new PooledDatabase(
                driver,
                KtmDataSource.builder(ktm, name)
                        .source(driver.watch(XADataSource.class, source))
                        .pool(pool)
                        .open(),
                "INSERT INTO " + table + " VALUES (?)");
    }

    @Override
    public Work open() {
        return new Work() {
            @Override
            public void join(Steps steps) {
                driver.tell(steps);
            }

            @Override
            public void write(String key) throws SQLException {
                try (var connection = source.getConnection();
                        var statement = connection.prepareStatement(insert)) {
                    statement.setString(1, key);
                    statement.executeUpdate();
                }
            }

            @Override
            public void close() {
                driver.tell(Steps.UNDISTURBED);
            }
        };
    }

    @Override
    public int busy() {
        return source.pool().getActiveConnections();
    }

    @Override
    public int openConnections() {
        return driver.openConnections();
    }

    @Override
    public void close() throws SQLException {
        source.close();
    }
}
