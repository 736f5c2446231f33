package dev.ktm.comparison.fault;

import com.arjuna.ats.arjuna.common.CoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.ObjectStoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.RecoveryEnvironmentBean;
import com.arjuna.ats.arjuna.recovery.RecoveryManager;
import com.arjuna.ats.internal.arjuna.objectstore.ShadowNoFileLockStore;
import com.arjuna.ats.internal.arjuna.objectstore.hornetq.HornetqJournalEnvironmentBean;
import com.arjuna.ats.internal.arjuna.objectstore.hornetq.HornetqObjectStoreAdaptor;
import com.arjuna.ats.internal.arjuna.objectstore.slot.DiskSlots;
import com.arjuna.ats.internal.arjuna.objectstore.slot.SlotStoreAdaptor;
import com.arjuna.ats.internal.arjuna.objectstore.slot.SlotStoreEnvironmentBean;
import com.arjuna.ats.internal.arjuna.recovery.AtomicActionRecoveryModule;
import com.arjuna.ats.internal.jta.recovery.arjunacore.JTANodeNameXAResourceOrphanFilter;
import com.arjuna.ats.internal.jta.recovery.arjunacore.JTATransactionLogXAResourceOrphanFilter;
import com.arjuna.ats.internal.jta.recovery.arjunacore.XARecoveryModule;
import com.arjuna.ats.internal.jta.resources.arjunacore.XAResourceRecord;
import com.arjuna.ats.internal.jta.resources.arjunacore.XAResourceRecordWrappingPlugin;
import com.arjuna.ats.internal.jta.transaction.arjunacore.TransactionManagerImple;
import com.arjuna.ats.internal.jta.transaction.arjunacore.TransactionSynchronizationRegistryImple;
import com.arjuna.ats.jta.common.JTAEnvironmentBean;
import com.arjuna.ats.jta.recovery.XAResourceRecoveryHelper;
import com.arjuna.common.internal.util.propertyservice.BeanPopulator;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import io.agroal.narayana.NarayanaTransactionIntegration;
import jakarta.transaction.TransactionManager;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import javax.transaction.xa.XAResource;
import org.h2.jdbcx.JdbcDataSource;
import org.jboss.tm.XAResourceWrapper;

/** Narayana over one of its stores, with the names of resources in its log as application servers have it, and with Agroal. */
final class NarayanaContestant implements Contestant {

    private static final int SLOTS = 1024;

    private final TransactionManager manager = new TransactionManagerImple();
    private final RecoveryManager recovery;

    /** Where it keeps decisions. */
    enum Store {
        FILES(ShadowNoFileLockStore.class),
        SLOTS(SlotStoreAdaptor.class),
        JOURNAL(HornetqObjectStoreAdaptor.class);

        private final Class<?> type;

        Store(Class<?> type) {
            this.type = type;
        }
    }

    NarayanaContestant(Setup setup, Store store) throws Exception {
        keepIn(store, setup.log().toString());
        BeanPopulator.getDefaultInstance(CoreEnvironmentBean.class).setNodeIdentifier(setup.name());
        var jta = BeanPopulator.getDefaultInstance(JTAEnvironmentBean.class);
        jta.setXaRecoveryNodes(List.of(setup.name()));
        jta.setXaResourceOrphanFilterClassNames(List.of(
                JTATransactionLogXAResourceOrphanFilter.class.getName(),
                JTANodeNameXAResourceOrphanFilter.class.getName()));
        jta.setXAResourceRecordWrappingPlugin(new Names());
        var bean = BeanPopulator.getDefaultInstance(RecoveryEnvironmentBean.class);
        bean.setRecoveryModuleClassNames(
                List.of(AtomicActionRecoveryModule.class.getName(), XARecoveryModule.class.getName()));
        bean.setRecoveryActivatorClassNames(List.of());
        bean.setExpiryScannerClassNames(List.of());
        bean.setRecoveryListener(false);
        bean.setRecoveryBackoffPeriod(1);
        recovery = RecoveryManager.manager(RecoveryManager.DIRECT_MANAGEMENT);
        recovery.initialize();
        var module = recovery.getModules().stream()
                .filter(XARecoveryModule.class::isInstance)
                .map(XARecoveryModule.class::cast)
                .findFirst()
                .orElseThrow();
        setup.resourceManagers().forEach(each -> module.addXAResourceRecoveryHelper(new Sessions(each)));
    }

    private static void keepIn(Store store, String directory) {
        for (var bean : List.of(
                BeanPopulator.getDefaultInstance(ObjectStoreEnvironmentBean.class),
                BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, "stateStore"),
                BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, "communicationStore"))) {
            bean.setObjectStoreDir(directory);
            bean.setObjectStoreType(store.type.getName());
        }
        var slots = BeanPopulator.getDefaultInstance(SlotStoreEnvironmentBean.class);
        slots.setStoreDir(directory);
        slots.setBackingSlotsClassName(DiskSlots.class.getName());
        slots.setNumberOfSlots(SLOTS);
        var journal = BeanPopulator.getDefaultInstance(HornetqJournalEnvironmentBean.class);
        journal.setStoreDir(directory);
        journal.setAsyncIO(false);
    }

    @Override
    public TransactionManager manager() {
        return manager;
    }

    @Override
    public void recover() {
        recovery.scan();
    }

    @Override
    public DataSource dataSource(JdbcDataSource database) throws SQLException {
        var integration =
                new NarayanaTransactionIntegration(manager, new TransactionSynchronizationRegistryImple(), "database");
        return AgroalDataSource.from(new AgroalDataSourceConfigurationSupplier()
                .connectionPoolConfiguration(pool -> pool.maxSize(4)
                        .transactionIntegration(integration)
                        .connectionFactoryConfiguration(factory -> factory.connectionProviderClass(JdbcDataSource.class)
                                .jdbcUrl(database.getURL())
                                .principal(new NamePrincipal(database.getUser()))
                                .credential(new SimplePassword(database.getPassword())))));
    }

    /** Has the names of resources written into the log. */
    private static final class Names implements XAResourceRecordWrappingPlugin {

        @Override
        public void transcribeWrapperData(XAResourceRecord record) {
            if (record.value() instanceof XAResourceWrapper resource) {
                record.setJndiName(resource.getJndiName());
                record.setProductName(resource.getProductName());
                record.setProductVersion(resource.getProductVersion());
            }
        }

        @Override
        public Integer getEISName(XAResource resource) {
            return 0;
        }

        @Override
        public String getEISName(Integer key) {
            return "unknown";
        }
    }

    /** Where recovery finds the branches of a resource manager. */
    private record Sessions(RecordedResourceManager resourceManager) implements XAResourceRecoveryHelper {

        @Override
        public boolean initialise(String settings) {
            return true;
        }

        @Override
        public XAResource[] getXAResources() throws Exception {
            return new XAResource[] {resourceManager.session()};
        }
    }
}
