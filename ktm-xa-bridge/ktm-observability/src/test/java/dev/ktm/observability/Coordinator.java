package dev.ktm.observability;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.tm.TransactionObserver;
import java.time.Duration;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A coordinator with two databases, and what is done with them. */
final class Coordinator implements AutoCloseable {

    final Ktm ktm;
    final Database orders = new Database("orders");
    final Database stock = new Database("stock");

    Coordinator(TransactionObserver... observers) {
        var options = KtmOptions.builder().device(new SimulatedDevice()).recoveryInterval(Duration.ofHours(1));
        for (var each : observers) {
            options.observer(each);
        }
        ktm = Ktm.open(options.build());
        orders.register(ktm);
        stock.register(ktm);
    }

    void begin() throws Exception {
        ktm.transactionManager().begin();
    }

    void commit() throws Exception {
        ktm.transactionManager().commit();
    }

    void rollback() throws Exception {
        ktm.transactionManager().rollback();
    }

    void workInBoth() throws Exception {
        orders.work(ktm);
        stock.work(ktm);
    }

    void commitBoth() throws Exception {
        begin();
        workInBoth();
        commit();
    }

    /** A superior has its branch prepared, and does not decide. */
    Xid prepareForASuperior() throws Exception {
        var superior = ktm.xaResource();
        var xid = new OfAnother();
        superior.start(xid, XAResource.TMNOFLAGS);
        workInBoth();
        superior.end(xid, XAResource.TMSUCCESS);
        superior.prepare(xid);
        return xid;
    }

    private static final class OfAnother implements Xid {
        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {1, 2};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {3};
        }
    }

    @Override
    public void close() {
        ktm.close();
    }
}
