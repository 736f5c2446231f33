package dev.ktm.benchmark;

import com.arjuna.ats.arjuna.common.ObjectStoreEnvironmentBean;
import com.arjuna.ats.arjuna.common.Uid;
import com.arjuna.ats.arjuna.objectstore.ObjectStoreAPI;
import com.arjuna.ats.arjuna.state.OutputObjectState;
import com.arjuna.ats.internal.arjuna.objectstore.ShadowNoFileLockStore;
import com.arjuna.ats.internal.arjuna.objectstore.hornetq.HornetqJournalEnvironmentBean;
import com.arjuna.ats.internal.arjuna.objectstore.hornetq.HornetqObjectStoreAdaptor;
import com.arjuna.ats.internal.arjuna.objectstore.slot.DiskSlots;
import com.arjuna.ats.internal.arjuna.objectstore.slot.SlotStoreAdaptor;
import com.arjuna.ats.internal.arjuna.objectstore.slot.SlotStoreEnvironmentBean;
import java.io.IOException;
import java.nio.file.Path;

/** One of Narayana's object stores. A transaction writes its state and removes it when it is done. */
final class NarayanaLog implements DurableLog {

    private static final String TYPE = "StateManager/BasicAction/TwoPhaseCoordinator/AtomicAction";

    private final ObjectStoreAPI store;

    private NarayanaLog(ObjectStoreAPI store) {
        this.store = store;
        store.start();
    }

    /** A file for each transaction: what Narayana takes if it is told nothing. */
    static NarayanaLog openShadow(Path directory) throws Exception {
        var bean = new ObjectStoreEnvironmentBean();
        bean.setObjectStoreDir(directory.toString());
        return new NarayanaLog(new ShadowNoFileLockStore(bean));
    }

    /** A fixed number of small files, used again and again. */
    static NarayanaLog openSlots(Path directory) throws IOException {
        return openSlots(directory, true);
    }

    /** The same, removing without a force: recovery then meets transactions that were done. */
    static NarayanaLog openSlotsFastest(Path directory) throws IOException {
        return openSlots(directory, false);
    }

    private static NarayanaLog openSlots(Path directory, boolean syncDeletes) throws IOException {
        var bean = new SlotStoreEnvironmentBean();
        bean.setStoreDir(directory.toString());
        bean.setBackingSlotsClassName(DiskSlots.class.getName());
        bean.setSyncDeletes(syncDeletes);
        return new NarayanaLog(new SlotStoreAdaptor(bean));
    }

    /** The journal of Apache ActiveMQ Artemis over NIO, 500 flushes per second at most. */
    static NarayanaLog openJournal(Path directory) throws IOException {
        var bean = new HornetqJournalEnvironmentBean();
        bean.setStoreDir(directory.toString());
        bean.setAsyncIO(false);
        return new NarayanaLog(new HornetqObjectStoreAdaptor(bean));
    }

    /** The same as Narayana's own benchmarks set it, which removes without a force. */
    static NarayanaLog openJournalFastest(Path directory) throws IOException {
        var bean = new HornetqJournalEnvironmentBean();
        bean.setStoreDir(directory.toString());
        bean.setAsyncIO(false);
        bean.setSyncDeletes(false);
        bean.setMaxIO(500);
        bean.setBufferFlushesPerSecond(20_000);
        return new NarayanaLog(new HornetqObjectStoreAdaptor(bean));
    }

    @Override
    public Appender appender() {
        var data = new byte[RECORD_BYTES];
        return () -> {
            var transaction = new Uid();
            var state = new OutputObjectState(transaction, TYPE, data);
            check(store.write_committed(transaction, TYPE, state));
            check(store.remove_committed(transaction, TYPE));
        };
    }

    private static void check(boolean success) throws IOException {
        if (!success) {
            throw new IOException("the store refused");
        }
    }

    @Override
    public void close() {
        store.stop();
    }
}
