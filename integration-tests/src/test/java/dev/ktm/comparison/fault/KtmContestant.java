package dev.ktm.comparison.fault;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jdbc.KtmDataSource;
import jakarta.transaction.TransactionManager;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import javax.transaction.xa.XAResource;
import org.h2.jdbcx.JdbcDataSource;

/** KTM. */
final class KtmContestant implements Contestant {

    private final Ktm ktm;

    KtmContestant(Setup setup) {
        this.ktm = Ktm.open(KtmOptions.builder()
                .logDirectory(setup.log())
                .nodeName(setup.name())
                .recoveryInterval(Duration.ofSeconds(1))
                .build());
        setup.resourceManagers().forEach(each -> ktm.register(each.name(), each::session));
    }

    @Override
    public TransactionManager manager() {
        return ktm.transactionManager();
    }

    @Override
    public XAResource enlisted(RecordedResource resource) {
        return ktm.named(resource.owner().name(), resource);
    }

    @Override
    public void recover() {
        ktm.recoverNow();
    }

    @Override
    public DataSource dataSource(JdbcDataSource database) throws SQLException {
        return KtmDataSource.builder(ktm, "database")
                .source(database)
                .pool(new HikariConfig())
                .open();
    }
}
