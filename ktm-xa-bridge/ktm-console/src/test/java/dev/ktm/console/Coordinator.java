package dev.ktm.console;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A coordinator with two resource managers that say yes to everything, and what is done with them. */
final class Coordinator implements AutoCloseable {

    private static final int FORMAT = 4711;

    final Ktm ktm;
    final YesMan orders = new YesMan();
    final YesMan stock = new YesMan();
    private int superiors;

    Coordinator() {
        this(Optional.empty());
    }

    /** With its log, and its channel for tools, in that directory. */
    Coordinator(Path directory) {
        this(Optional.of(directory));
    }

    private Coordinator(Optional<Path> directory) {
        var options = KtmOptions.builder().nodeName("shop").recoveryInterval(Duration.ofHours(1));
        if (directory.isPresent()) {
            options.logDirectory(directory.get().resolve("log"))
                    .operatorDirectory(directory.get().resolve("channels"));
        } else {
            options.device(new SimulatedDevice());
        }
        ktm = Ktm.open(options.build());
        ktm.register("orders", () -> orders);
        ktm.register("stock", () -> stock);
    }

    void begin() throws Exception {
        ktm.transactionManager().begin();
    }

    void enlistBoth() throws Exception {
        var transaction = ktm.transactionManager().getTransaction();
        transaction.enlistResource(ktm.named("orders", orders));
        transaction.enlistResource(ktm.named("stock", stock));
    }

    void commitBoth() throws Exception {
        begin();
        enlistBoth();
        ktm.transactionManager().commit();
    }

    void rollBackBoth() throws Exception {
        begin();
        enlistBoth();
        ktm.transactionManager().rollback();
    }

    /** A superior has its branch prepared, and does not decide. */
    Xid prepareForASuperior() throws Exception {
        var superior = ktm.xaResource();
        superiors++;
        var xid = new OfAnother(superiors);
        superior.start(xid, XAResource.TMNOFLAGS);
        enlistBoth();
        superior.end(xid, XAResource.TMSUCCESS);
        superior.prepare(xid);
        return xid;
    }

    /** One of the two says that it has rolled back what was decided to be committed. */
    void damage() throws Exception {
        begin();
        enlistBoth();
        stock.isHeuristic = true;
        try {
            ktm.transactionManager().commit();
            throw new AssertionError("a heuristic rollback was not told");
        } catch (jakarta.transaction.HeuristicMixedException | jakarta.transaction.HeuristicRollbackException e) {
            // As it should be.
        } finally {
            stock.isHeuristic = false;
        }
    }

    private record OfAnother(int number) implements Xid {
        @Override
        public int getFormatId() {
            return FORMAT;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
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
