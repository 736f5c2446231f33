package dev.ktm.benchmark;

import com.arjuna.ats.internal.jta.transaction.arjunacore.TransactionSynchronizationRegistryImple;
import com.atomikos.jdbc.AtomikosDataSourceBean;
import com.atomikos.jms.AtomikosConnectionFactoryBean;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.benchmark.SiteTransactions.Messaging;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.jms.KtmConnectionFactory;
import dev.ktm.log.LogException;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import io.agroal.narayana.NarayanaTransactionIntegration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.jboss.narayana.jta.jms.ConnectionFactoryProxy;
import org.jboss.narayana.jta.jms.TransactionHelperImpl;

/** A transaction manager with the pools that it comes with, or that go with it; each at its fastest durable setting. */
enum BridgeProduct {
    BY_HAND("XA calls made by hand, no log"),
    KTM("KtmDataSource, KtmConnectionFactory"),
    NARAYANA_SLOTS("Narayana 7.3.4 + Agroal 3.2.1, 1024 slots, removes unforced"),
    NARAYANA_JOURNAL("Narayana 7.3.4 + Agroal 3.2.1, journal (NIO), 20 000 flushes/s, removes unforced"),
    ATOMIKOS("Atomikos 6.0.0 with its own pools, rare checkpoints");

    /** One connection for each caller, of the largest number of callers. */
    static final int POOL = 32;

    private final String text;

    BridgeProduct(String text) {
        this.text = text;
    }

    /** In words. */
    String text() {
        return text;
    }

    /** Opens it, and what it works in, in an empty directory. */
    DurableLog open(Workload workload, Path directory) throws Exception {
        var log = Files.createDirectory(directory.resolve("log"));
        var site = workload.open(directory);
        return switch (this) {
            case BY_HAND -> new XaByHand(site, Optional.empty());
            case KTM -> ktm(site, log);
            case NARAYANA_SLOTS -> narayana(NarayanaManager.openSlotsFastest(log), site);
            case NARAYANA_JOURNAL -> narayana(NarayanaManager.openJournalFastest(log), site);
            case ATOMIKOS -> atomikos(AtomikosManager.openWithRareCheckpoints(log), site);
        };
    }

    private static DurableLog ktm(Site site, Path directory) throws Exception {
        var ktm = Ktm.open(KtmOptions.builder().logDirectory(directory).build());
        var opened = new ArrayList<AutoCloseable>();
        var sources = new ArrayList<KtmDataSource>();
        for (int i = 0; i < site.databases().size(); i++) {
            var source =
                    KtmDataSources.open(ktm, "database" + i, site.databases().get(i), POOL);
            sources.add(source);
            opened.add(source);
        }
        Optional<Messaging> messaging = Optional.empty();
        if (site.broker().isPresent()) {
            var factory = KtmConnectionFactory.builder(
                            ktm, "broker", site.broker().get().factory())
                    .build();
            opened.add(factory);
            messaging = Optional.of(new Messaging(factory, true));
        }
        var log = ktm.manager().log().orElseThrow();
        KtmLogAdapter.awaitFilled(log);
        opened.add(ktm);
        return new SiteTransactions(ktm.transactionManager(), site, sources, messaging, () -> frames(log), all(opened));
    }

    private static long frames(dev.ktm.log.Log log) {
        try {
            return log.stats().frames();
        } catch (LogException e) {
            throw new IllegalStateException("the log has no figures", e);
        }
    }

    private static DurableLog narayana(NarayanaManager narayana, Site site) throws SQLException {
        var opened = new ArrayList<AutoCloseable>();
        var sources = new ArrayList<DataSource>();
        for (int i = 0; i < site.databases().size(); i++) {
            var source =
                    agroal(narayana, "database" + i, site.databases().get(i).database());
            sources.add(source);
            opened.add(source);
        }
        // It does not pool: a caller that keeps its connection is the best that can be done.
        var messaging = site.broker()
                .map(broker -> new Messaging(
                        new ConnectionFactoryProxy(broker.factory(), new TransactionHelperImpl(narayana.manager())),
                        false));
        opened.add(narayana);
        return new SiteTransactions(
                narayana.manager(), site, sources, messaging, () -> DurableLog.UNCOUNTED, all(opened));
    }

    private static AgroalDataSource agroal(NarayanaManager narayana, String name, JdbcDataSource database)
            throws SQLException {
        var integration = new NarayanaTransactionIntegration(
                narayana.manager(), new TransactionSynchronizationRegistryImple(), name);
        return AgroalDataSource.from(new AgroalDataSourceConfigurationSupplier()
                .connectionPoolConfiguration(pool -> pool.initialSize(POOL)
                        .minSize(POOL)
                        .maxSize(POOL)
                        .transactionIntegration(integration)
                        .connectionFactoryConfiguration(factory -> factory.connectionProviderClass(JdbcDataSource.class)
                                .jdbcUrl(database.getURL())
                                .principal(new NamePrincipal(database.getUser()))
                                .credential(new SimplePassword(database.getPassword())))));
    }

    private static DurableLog atomikos(AtomikosManager atomikos, Site site) {
        var opened = new ArrayList<AutoCloseable>();
        var sources = new ArrayList<DataSource>();
        for (int i = 0; i < site.databases().size(); i++) {
            var source = new AtomikosDataSourceBean();
            source.setUniqueResourceName("database" + i);
            source.setXaDataSource(site.databases().get(i).database());
            source.setPoolSize(POOL);
            sources.add(source);
            opened.add(source::close);
        }
        var messaging = site.broker().map(broker -> {
            var factory = new AtomikosConnectionFactoryBean();
            factory.setUniqueResourceName("broker");
            factory.setXaConnectionFactory(broker.factory());
            factory.setPoolSize(POOL);
            opened.add(factory::close);
            return new Messaging(factory, true);
        });
        opened.add(atomikos);
        return new SiteTransactions(
                atomikos.manager(), site, sources, messaging, () -> DurableLog.UNCOUNTED, all(opened));
    }

    private static AutoCloseable all(List<AutoCloseable> opened) {
        return () -> {
            for (var each : opened) {
                each.close();
            }
        };
    }
}
