package dev.ktm.benchmark;

import com.arjuna.ats.arjuna.common.ObjectStoreEnvironmentBean;
import com.arjuna.ats.arjuna.coordinator.TxControl;
import com.arjuna.ats.arjuna.objectstore.StoreManager;
import com.arjuna.ats.internal.arjuna.objectstore.ShadowNoFileLockStore;
import com.arjuna.ats.internal.arjuna.objectstore.VolatileStore;
import com.arjuna.ats.internal.arjuna.objectstore.hornetq.HornetqJournalEnvironmentBean;
import com.arjuna.ats.internal.arjuna.objectstore.hornetq.HornetqObjectStoreAdaptor;
import com.arjuna.ats.internal.arjuna.objectstore.slot.DiskSlots;
import com.arjuna.ats.internal.arjuna.objectstore.slot.SlotStoreAdaptor;
import com.arjuna.ats.internal.arjuna.objectstore.slot.SlotStoreEnvironmentBean;
import com.arjuna.ats.internal.jta.transaction.arjunacore.TransactionManagerImple;
import com.arjuna.common.internal.util.propertyservice.BeanPopulator;
import jakarta.transaction.TransactionManager;
import java.nio.file.Path;
import java.util.List;

/** Narayana's transaction manager over one of its stores. Once in a process: its settings are static. */
final class NarayanaManager implements DurableLog {

    private final TransactionManager manager = new TransactionManagerImple();

    private NarayanaManager() {}

    /** A file for each transaction: what Narayana takes if it is told nothing. */
    static NarayanaManager openShadow(Path directory) {
        return open(directory, ShadowNoFileLockStore.class);
    }

    /** Nothing durable. */
    static NarayanaManager openVolatile(Path directory) {
        return open(directory, VolatileStore.class);
    }

    /** A fixed number of small files, as many as Narayana takes if it is told nothing. */
    static NarayanaManager openSlots(Path directory) {
        var bean = BeanPopulator.getDefaultInstance(SlotStoreEnvironmentBean.class);
        bean.setStoreDir(directory.toString());
        bean.setBackingSlotsClassName(DiskSlots.class.getName());
        return open(directory, SlotStoreAdaptor.class);
    }

    /** More of them, and removed without a force. */
    static NarayanaManager openSlotsFastest(Path directory) {
        var bean = BeanPopulator.getDefaultInstance(SlotStoreEnvironmentBean.class);
        bean.setNumberOfSlots(1024);
        bean.setSyncDeletes(false);
        return openSlots(directory);
    }

    /** The journal of Apache ActiveMQ Artemis over NIO, 500 flushes per second at most. */
    static NarayanaManager openJournal(Path directory) {
        var bean = BeanPopulator.getDefaultInstance(HornetqJournalEnvironmentBean.class);
        bean.setStoreDir(directory.toString());
        bean.setAsyncIO(false);
        return open(directory, HornetqObjectStoreAdaptor.class);
    }

    /** The same as Narayana's own benchmarks set it, which removes without a force. */
    static NarayanaManager openJournalFastest(Path directory) {
        var bean = BeanPopulator.getDefaultInstance(HornetqJournalEnvironmentBean.class);
        bean.setSyncDeletes(false);
        bean.setMaxIO(500);
        bean.setBufferFlushesPerSecond(20_000);
        return openJournal(directory);
    }

    private static NarayanaManager open(Path directory, Class<?> store) {
        // One for transactions, two for what else Narayana may keep.
        for (var bean : List.of(
                BeanPopulator.getDefaultInstance(ObjectStoreEnvironmentBean.class),
                BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, "stateStore"),
                BeanPopulator.getNamedInstance(ObjectStoreEnvironmentBean.class, "communicationStore"))) {
            bean.setObjectStoreDir(directory.toString());
            bean.setObjectStoreType(store.getName());
        }
        return new NarayanaManager();
    }

    TransactionManager manager() {
        return manager;
    }

    @Override
    public Appender appender() {
        return TransactionShape.TWO_RESOURCES.of(manager);
    }

    @Override
    public void close() {
        TxControl.disable();
        StoreManager.shutdown();
    }
}
