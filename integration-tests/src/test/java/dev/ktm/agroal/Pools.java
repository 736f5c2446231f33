package dev.ktm.agroal;

import dev.ktm.Ktm;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import io.agroal.narayana.NarayanaTransactionIntegration;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.jboss.tm.XAResourceRecoveryRegistry;

/** H2 databases that Agroal pools, each with a table of names. */
final class Pools {

    private static final int SIZE = 4;

    private Pools() {}

    /** A pool that takes part in the transactions of a coordinator. */
    static AgroalDataSource open(Ktm ktm, String name, String url) throws SQLException {
        return open(ktm, ktm.recoveryRegistry(), name, url);
    }

    /** The same, with another registry. */
    static AgroalDataSource open(Ktm ktm, XAResourceRecoveryRegistry registry, String name, String url)
            throws SQLException {
        var integration = new NarayanaTransactionIntegration(
                ktm.transactionManager(), ktm.synchronizationRegistry(), name, false, registry);
        var configuration = new AgroalDataSourceConfigurationSupplier()
                .metricsEnabled()
                .connectionPoolConfiguration(pool -> pool.maxSize(SIZE)
                        .acquisitionTimeout(Duration.ofSeconds(2))
                        .transactionIntegration(integration)
                        .connectionFactoryConfiguration(factory -> factory.connectionProviderClass(JdbcDataSource.class)
                                .jdbcUrl(url)
                                .principal(new NamePrincipal("sa"))
                                .credential(new SimplePassword(""))
                                .recoveryPrincipal(new NamePrincipal("sa"))
                                .recoveryCredential(new SimplePassword(""))));
        return AgroalDataSource.from(configuration);
    }

    /** A database in a directory; its tables are there after {@link #prepare}. */
    static String url(Path directory, String name) {
        return "jdbc:h2:" + directory.resolve(name) + ";WRITE_DELAY=0;OPTIMIZE_REUSE_RESULTS=0";
    }

    static JdbcDataSource driver(String url) {
        var driver = new JdbcDataSource();
        driver.setURL(url);
        driver.setUser("sa");
        driver.setPassword("");
        return driver;
    }

    /** Makes the table. */
    static void prepare(String url) throws SQLException {
        try (var connection = driver(url).getConnection();
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE entries (name VARCHAR(40) PRIMARY KEY)");
        }
    }

    static void insert(DataSource source, String name) throws SQLException {
        try (var connection = source.getConnection()) {
            insert(connection, name);
        }
    }

    static void insert(Connection connection, String name) throws SQLException {
        try (var statement = connection.prepareStatement("INSERT INTO entries VALUES (?)")) {
            statement.setString(1, name);
            statement.executeUpdate();
        }
    }

    /** How many entries others see. */
    static int count(String url) throws SQLException {
        try (var connection = driver(url).getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT COUNT(*) FROM entries")) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
