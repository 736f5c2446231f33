package dev.ktm.foreign;

import com.arjuna.ats.arjuna.common.CoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.CoreEnvironmentBeanException;
import com.arjuna.ats.arjuna.common.ObjectStoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.RecoveryEnvironmentBean;
import com.arjuna.ats.arjuna.common.Uid;
import com.arjuna.ats.arjuna.exceptions.ObjectStoreException;
import com.arjuna.ats.arjuna.objectstore.StoreManager;
import com.arjuna.ats.arjuna.recovery.RecoveryManager;
import com.arjuna.ats.arjuna.state.InputObjectState;
import com.arjuna.ats.internal.arjuna.common.UidHelper;
import com.arjuna.ats.internal.arjuna.recovery.AtomicActionRecoveryModule;
import com.arjuna.ats.internal.jta.recovery.arjunacore.JTANodeNameXAResourceOrphanFilter;
import com.arjuna.ats.internal.jta.recovery.arjunacore.JTATransactionLogXAResourceOrphanFilter;
import com.arjuna.ats.internal.jta.recovery.arjunacore.XARecoveryModule;
import com.arjuna.ats.internal.jta.resources.arjunacore.XAResourceRecord;
import com.arjuna.ats.internal.jta.resources.arjunacore.XAResourceRecordWrappingPlugin;
import com.arjuna.ats.internal.jta.transaction.arjunacore.TransactionManagerImple;
import com.arjuna.ats.jta.common.JTAEnvironmentBean;
import com.arjuna.ats.jta.recovery.XAResourceRecoveryHelper;
import com.arjuna.common.internal.util.propertyservice.BeanPopulator;
import jakarta.transaction.TransactionManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.transaction.xa.XAResource;
import org.jboss.tm.XAResourceWrapper;

/** Narayana with its usual store, a file for each transaction, and its recovery manager. */
final class Narayana implements ForeignManager {

    private static final String NODE = "foreign";
    private static final String DECISIONS = "/StateManager/BasicAction/TwoPhaseCoordinator/AtomicAction";

    private final TransactionManager manager = new TransactionManagerImple();
    private final RecoveryManager recovery;

    private Narayana(RecoveryManager recovery) {
        this.recovery = recovery;
    }

    static Narayana open(Path directory, List<NamedResource> resources) throws CoreEnvironmentBeanException {
        var store = directory.resolve("narayana").toString();
        for (var bean : List.of(
                BeanPopulator.getDefaultInstance(ObjectStoreEnvironmentBean.class),
                BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, "stateStore"),
                BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, "communicationStore"))) {
            bean.setObjectStoreDir(store);
        }
        // guide
        BeanPopulator.getDefaultInstance(CoreEnvironmentBean.class).setNodeIdentifier(NODE);
        var jta = BeanPopulator.getDefaultInstance(JTAEnvironmentBean.class);
        jta.setXaRecoveryNodes(List.of(NODE));
        jta.setXaResourceOrphanFilterClassNames(List.of(
                JTATransactionLogXAResourceOrphanFilter.class.getName(),
                JTANodeNameXAResourceOrphanFilter.class.getName()));
        // end of guide
        // Its log holds the names of resources, and a branch is taken for done once the resource of its name does not
        // list it.
        jta.setXAResourceRecordWrappingPlugin(new Names());
        // A branch without a decision is rolled back in the first pass that finds it, rather than after 20 s.
        jta.setOrphanSafetyInterval(0);
        var bean = BeanPopulator.getDefaultInstance(RecoveryEnvironmentBean.class);
        bean.setRecoveryModuleClassNames(
                List.of(AtomicActionRecoveryModule.class.getName(), XARecoveryModule.class.getName()));
        bean.setRecoveryActivatorClassNames(List.of());
        bean.setExpiryScannerClassNames(List.of());
        bean.setRecoveryListener(false);
        bean.setRecoveryBackoffPeriod(1);
        var recovery = RecoveryManager.manager(RecoveryManager.DIRECT_MANAGEMENT);
        recovery.initialize();
        // guide
        var module = recovery.getModules().stream()
                .filter(XARecoveryModule.class::isInstance)
                .map(XARecoveryModule.class::cast)
                .findFirst()
                .orElseThrow();
        resources.forEach(resource -> module.addXAResourceRecoveryHelper(new Helper(resource)));
        // end of guide
        return new Narayana(recovery);
    }

    // guide
    /** Has the names of resources written into the log, as application servers do. */
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
    // end of guide

    // guide
    /** Where the recovery manager finds the branches of a resource manager. */
    private record Helper(NamedResource resource) implements XAResourceRecoveryHelper {

        @Override
        public boolean initialise(String settings) {
            return true;
        }

        @Override
        public XAResource[] getXAResources() throws Exception {
            return new XAResource[] {resource.resources().call()};
        }
    }
    // end of guide

    @Override
    public TransactionManager manager() {
        return manager;
    }

    @Override
    public boolean endsWhatItSuspends() {
        return false;
    }

    @Override
    public void recover() {
        recovery.scan();
    }

    @Override
    public boolean hasUnfinished() {
        var found = new InputObjectState();
        try {
            // The list ends with an identifier that is null.
            return StoreManager.getRecoveryStore().allObjUids(DECISIONS, found)
                    && !UidHelper.unpackFrom(found).equals(Uid.nullUid());
        } catch (ObjectStoreException | IOException e) {
            throw new IllegalStateException("the store of Narayana cannot be read", e);
        }
    }
}
