package dev.ktm.benchmark;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.jdbc.KtmDataSource;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** One row in each of some databases, through {@code KtmDataSource}: its unit of work is a transaction. */
final class KtmDataSources implements DurableLog {

    private final Ktm ktm;
    private final List<Inserts> databases;
    private final List<KtmDataSource> sources = new ArrayList<>();

    KtmDataSources(Ktm ktm, List<Inserts> databases, int poolSize) throws SQLException {
        this.ktm = ktm;
        this.databases = databases;
        for (int i = 0; i < databases.size(); i++) {
            sources.add(open(ktm, "database" + i, databases.get(i), poolSize));
        }
    }

    static KtmDataSource open(Ktm ktm, String name, Inserts database, int poolSize) throws SQLException {
        return KtmDataSource.builder(ktm, name)
                .source(database.database())
                .pool(config(poolSize))
                .open();
    }

    /** A pool of this many. */
    static HikariConfig config(int poolSize) {
        var config = new HikariConfig();
        config.setMaximumPoolSize(poolSize);
        return config;
    }

    @Override
    public Appender appender() {
        var transactions = ktm.userTransaction();
        return () -> {
            transactions.begin();
            for (int i = 0; i < databases.size(); i++) {
                try (var connection = sources.get(i).getConnection()) {
                    databases.get(i).insert(connection);
                }
            }
            transactions.commit();
        };
    }

    @Override
    public void close() throws SQLException {
        for (var source : sources) {
            source.close();
        }
        ktm.close();
        for (var database : databases) {
            database.close();
        }
    }
}
