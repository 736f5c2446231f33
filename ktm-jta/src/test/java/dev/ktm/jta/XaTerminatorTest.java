package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionRight;
import dev.ktm.testing.SimulatedDatabase;
import jakarta.resource.spi.XATerminator;
import jakarta.resource.spi.work.Work;
import jakarta.resource.spi.work.WorkCompletedException;
import jakarta.resource.spi.work.WorkException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.Transaction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.UUID;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.JBossXATerminator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Transactions that another transaction manager decides. */
class XaTerminatorTest {

    /** An xid that uses every byte there is. */
    private record Foreign(int number) implements Xid {
        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            var id = new byte[MAXGTRIDSIZE];
            id[0] = (byte) number;
            id[1] = (byte) (number >> 8);
            id[MAXGTRIDSIZE - 1] = -1;
            return id;
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[MAXBQUALSIZE];
        }
    }

    private static final Xid ONE = new Foreign(1);
    private static final Xid TWO = new Foreign(2);
    private static final int SCAN = XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN;

    private final SimulatedDevice device = new SimulatedDevice();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");
    private Ktm ktm;
    private XATerminator terminator;

    @BeforeEach
    void open() {
        ktm = open(device);
        terminator = (XATerminator) ktm.xaTerminator();
        ktm.register("orders", orders::connect);
        ktm.register("stock", stock::connect);
        ktm.recoverNow();
    }

    private static Ktm open(SimulatedDevice device) {
        return Ktm.open(KtmOptions.builder()
                .device(device)
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    @AfterEach
    void close() {
        ktm.close();
    }

    private Transaction work(Xid xid) throws Exception {
        var imported = ktm.xaTerminator().importTransaction(xid, 0).getTransaction();
        var first = orders.connect();
        var second = stock.connect();
        imported.enlistResource(first);
        imported.enlistResource(second);
        first.put("a");
        second.put("b");
        return imported;
    }

    private static XAException refusalOf(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return org.assertj.core.api.Assertions.catchThrowableOfType(XAException.class, call);
    }

    @Test
    @Conforms("JTA-17")
    void anImportedTransactionIsPreparedListedAndCommittedByItsSuperior() throws Exception {
        var imported = work(ONE);
        assertThat(ktm.xaTerminator().importTransaction(ONE, 0).isNewImportedTransaction())
                .isFalse();
        work(TWO);
        assertThat(terminator.recover(SCAN)).isEmpty();

        assertThat(terminator.prepare(ONE)).isEqualTo(XAResource.XA_OK);

        assertThat(terminator.recover(SCAN)).hasSize(1);
        var listed = terminator.recover(SCAN)[0];
        assertThat(listed.getFormatId()).isEqualTo(ONE.getFormatId());
        assertThat(listed.getGlobalTransactionId()).isEqualTo(ONE.getGlobalTransactionId());
        assertThat(listed.getBranchQualifier()).isEqualTo(ONE.getBranchQualifier());
        assertThat(imported.getStatus()).isEqualTo(Status.STATUS_PREPARED);
        assertThat(orders.committed()).isEmpty();
        terminator.commit(ONE, false);
        assertThat(orders.committed()).containsExactly("a");
        assertThat(stock.committed()).containsExactly("b");
        assertThat(terminator.recover(SCAN)).isEmpty();
        assertThat(refusalOf(() -> terminator.commit(ONE, false)).errorCode).isEqualTo(XAException.XAER_NOTA);
        terminator.rollback(TWO);
    }

    @Test
    @Conforms("JTA-17")
    void aPreparedOneWaitsForItsSuperiorAfterARestart() throws Exception {
        work(ONE);
        work(TWO);
        terminator.prepare(ONE);
        terminator.prepare(TWO);
        var crashed = device.copy();

        try (var restarted = open(crashed)) {
            var again = (XATerminator) restarted.xaTerminator();
            restarted.register("orders", orders::connect);
            restarted.register("stock", stock::connect);
            restarted.recoverNow();
            assertThat(orders.prepared()).isEqualTo(2);
            assertThat(again.recover(SCAN)).hasSize(2);

            again.commit(ONE, false);
            again.rollback(TWO);
            restarted.recoverNow();

            assertThat(orders.prepared()).isZero();
            assertThat(orders.commits()).isEqualTo(1);
            assertThat(again.recover(SCAN)).isEmpty();
        }
    }

    @Test
    @Conforms("JTA-17")
    void oneThatIsNotPreparedIsRolledBackByARestart() throws Exception {
        work(ONE);
        var crashed = device.copy();
        orders.crash();
        stock.crash();

        try (var restarted = open(crashed)) {
            var again = (XATerminator) restarted.xaTerminator();

            assertThat(again.recover(SCAN)).isEmpty();
            assertThat(refusalOf(() -> again.commit(ONE, false)).errorCode).isEqualTo(XAException.XAER_NOTA);
        }
    }

    @Test
    void onePhaseCostsNoRecordOfItsOwnAndDelegates() throws Exception {
        var imported = ktm.xaTerminator().importTransaction(ONE, 0).getTransaction();
        var connection = orders.connect();
        imported.enlistResource(connection);
        connection.put("a");

        terminator.commit(ONE, true);

        assertThat(orders.calls())
                .containsSubsequence("START", "END", "COMMIT_ONE_PHASE")
                .doesNotContain("PREPARE");
        assertThat(orders.committed()).containsExactly("a");
    }

    @Test
    void whatHasNothingToCommitVotesReadOnlyAndIsForgotten() throws Exception {
        orders.setReadOnly(true);
        stock.setReadOnly(true);
        work(ONE);

        assertThat(terminator.prepare(ONE)).isEqualTo(XAResource.XA_RDONLY);

        assertThat(terminator.recover(SCAN)).isEmpty();
        assertThat(ktm.manager().live()).isEmpty();
    }

    @Test
    void aRefusedVoteIsARollback() throws Exception {
        stock.failNext(SimulatedDatabase.Call.PREPARE, XAException.XA_RBDEADLOCK);
        work(ONE);

        assertThat(refusalOf(() -> terminator.prepare(ONE)).errorCode).isEqualTo(XAException.XA_RBROLLBACK);

        assertThat(orders.branches()).isZero();
        assertThat(refusalOf(() -> terminator.rollback(ONE)).errorCode).isEqualTo(XAException.XAER_NOTA);
    }

    @Test
    void synchronizationsRunBeforeTheVoteAndAfterTheEnd() throws Exception {
        var told = new ArrayList<String>();
        var imported = work(ONE);
        imported.registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {
                told.add("before, prepared: " + orders.prepared());
            }

            @Override
            public void afterCompletion(int status) {
                told.add("after " + status);
            }
        });

        terminator.prepare(ONE);
        terminator.commit(ONE, false);

        assertThat(told).containsExactly("before, prepared: 0", "after " + Status.STATUS_COMMITTED);
    }

    @Test
    @Conforms("KTM-SU-02")
    void aClientCannotCommitAnImportedTransaction() throws Exception {
        var imported = work(ONE);

        assertThatThrownBy(imported::commit).isInstanceOf(IllegalStateException.class);

        assertThat(terminator.prepare(ONE)).isEqualTo(XAResource.XA_OK);
        terminator.rollback(ONE);
        assertThat(orders.committed()).isEmpty();
    }

    @Test
    void aTransactionThatWasMarkedVotesNo() throws Exception {
        work(ONE).setRollbackOnly();

        assertThat(refusalOf(() -> terminator.prepare(ONE)).errorCode).isEqualTo(XAException.XA_RBROLLBACK);
        assertThat(orders.branches()).isZero();
    }

    @Test
    void itsSuperiorIsToldThatItTookTooLongAndNotThatForWhatAResourceManagerSays() throws Exception {
        var timedOut = ktm.xaTerminator().importTransaction(ONE, 1).getTransaction();
        while (timedOut.getStatus() != Status.STATUS_ROLLEDBACK) {
            Thread.onSpinWait();
        }
        work(TWO);
        orders.onNext(SimulatedDatabase.Call.PREPARE, after -> {
            throw new IllegalStateException("it took longer than it should");
        });

        assertThat(refusalOf(() -> terminator.prepare(ONE)).errorCode).isEqualTo(XAException.XA_RBTIMEOUT);
        assertThat(refusalOf(() -> terminator.prepare(TWO)).errorCode).isEqualTo(XAException.XA_RBROLLBACK);

        assertThat(((dev.ktm.tm.KtmTransaction) timedOut).rolledBackBy()).contains(RollbackCause.TIMEOUT);
    }

    @Test
    void whatIsOutOfOrderIsRefused() throws Exception {
        work(ONE);
        assertThat(refusalOf(() -> terminator.commit(ONE, false)).errorCode).isEqualTo(XAException.XAER_PROTO);
        assertThat(refusalOf(() -> terminator.prepare(TWO)).errorCode).isEqualTo(XAException.XAER_NOTA);
        terminator.prepare(ONE);

        assertThat(refusalOf(() -> terminator.prepare(ONE)).errorCode).isEqualTo(XAException.XAER_PROTO);
        assertThat(refusalOf(() -> terminator.commit(ONE, true)).errorCode).isEqualTo(XAException.XAER_PROTO);

        terminator.commit(ONE, false);
        assertThat(orders.committed()).containsExactly("a");
    }

    @Test
    void aHeuristicDecisionIsToldToTheSuperiorUntilItForgets() throws Exception {
        work(ONE);
        terminator.prepare(ONE);
        orders.decideHeuristically(false, XAException.XA_HEURRB);

        assertThat(refusalOf(() -> terminator.commit(ONE, false)).errorCode).isEqualTo(XAException.XA_HEURMIX);

        assertThat(terminator.recover(SCAN)).hasSize(1);
        assertThat(ktm.manager().damaged()).hasSize(1);
        terminator.forget(ONE);
        assertThat(terminator.recover(SCAN)).isEmpty();
        assertThat(ktm.manager().damaged()).isEmpty();
        assertThat(ktm.manager().operatorActs()).extracting(OperatorAct::who).containsExactly("superior");
    }

    /** Work that does nothing. */
    private static final class Idle implements Work {
        @Override
        public void release() {}

        @Override
        public void run() {}
    }

    @Test
    void workRunsInTheImportedTransactionOneAtATime() throws Exception {
        var workers = (JBossXATerminator) ktm.xaTerminator();
        var first = new Idle();
        workers.registerWork(first, ONE, 60_000);
        assertThatThrownBy(() -> workers.registerWork(new Idle(), ONE, 60_000))
                .isInstanceOf(WorkCompletedException.class)
                .extracting(e -> ((WorkException) e).getErrorCode())
                .isEqualTo(WorkException.TX_CONCURRENT_WORK_DISALLOWED);

        workers.startWork(first, ONE);
        var connection = orders.connect();
        ktm.transactionManager().getTransaction().enlistResource(connection);
        connection.put("a");
        workers.endWork(first, ONE);

        assertThat(ktm.transactionManager().getTransaction()).isNull();
        assertThat(terminator.prepare(ONE)).isEqualTo(XAResource.XA_OK);
        terminator.commit(ONE, false);
        assertThat(orders.committed()).containsExactly("a");
    }

    @Test
    void cancelledWorkRollsBack() throws Exception {
        var workers = (JBossXATerminator) ktm.xaTerminator();
        var work = new Idle();
        workers.registerWork(work, ONE, 0);
        workers.startWork(work, ONE);

        workers.cancelWork(work, ONE);

        assertThat(ktm.transactionManager().getTransaction()).isNull();
        assertThat(refusalOf(() -> terminator.prepare(ONE)).errorCode).isEqualTo(XAException.XA_RBROLLBACK);
        assertThatThrownBy(() -> workers.startWork(work, TWO)).isInstanceOf(WorkCompletedException.class);
    }

    @Test
    void itIsDrivenThroughTheImportedTransactionAsWell() throws Exception {
        work(ONE);
        var imported = ktm.xaTerminator().importTransaction(ONE, 0).getTransaction();

        assertThat(imported.doPrepare()).isZero();
        assertThat(imported.doCommit()).isTrue();

        assertThat(orders.committed()).containsExactly("a");
        assertThat(ktm.xaTerminator().getTransaction(ONE)).isNull();
        stock.failNext(SimulatedDatabase.Call.PREPARE, XAException.XA_RBROLLBACK);
        work(TWO);
        var other = ktm.xaTerminator().importTransaction(TWO, 0).getTransaction();
        assertThatThrownBy(other::doOnePhaseCommit).isInstanceOf(RollbackException.class);
    }

    @Test
    void whatSuperiorsHaveLeftBehindIsNotKeptForEver() throws Exception {
        for (int i = 0; i < 3000; i++) {
            var imported =
                    ktm.xaTerminator().importTransaction(new Foreign(i), 60).getTransaction();
            // As when its time is over; and its superior is gone.
            try (var handle = ktm.manager()
                    .openTransaction(
                            ((dev.ktm.tm.KtmTransaction) imported).unitOfWork(),
                            TransactionRight.ALL.toArray(TransactionRight[]::new))) {
                handle.abort(new IllegalStateException("planted"));
            }
        }
        int kept = 0;
        for (int i = 0; i < 3000; i++) {
            kept += ktm.xaTerminator().getTransaction(new Foreign(i)) == null ? 0 : 1;
        }

        assertThat(kept).isBetween(1, 2500);
        assertThat(refusalOf(() -> terminator.prepare(new Foreign(0))).errorCode)
                .isEqualTo(XAException.XA_RBROLLBACK);
        assertThat(refusalOf(() -> terminator.prepare(new Foreign(0))).errorCode)
                .as("it knows by now")
                .isEqualTo(XAException.XAER_NOTA);
        assertThat(refusalOf(() -> ktm.xaTerminator().importTransaction(new Foreign(1), 60)).errorCode)
                .as("what had been done in it is lost")
                .isEqualTo(XAException.XA_RBROLLBACK);
        terminator.rollback(new Foreign(1));
        var newest = new Foreign(2999);
        assertThat(refusalOf(() -> terminator.prepare(newest)).errorCode).isEqualTo(XAException.XA_RBROLLBACK);
    }

    @Test
    void whatHasNoTimeHasThatOfTheCoordinator() throws Exception {
        var imported = ktm.xaTerminator().importTransaction(ONE, 0).getTransaction();

        assertThat(((dev.ktm.tm.KtmTransaction) imported).timeLeft()).isPresent();
    }

    private UUID prepared(Xid xid) throws Exception {
        work(xid);
        assertThat(terminator.prepare(xid)).isEqualTo(XAResource.XA_OK);
        return ktm.manager().inspect().get(0).unitOfWork();
    }

    private void force(UUID unitOfWork, boolean commit) throws Exception {
        if (commit) {
            ktm.manager().forceCommit(unitOfWork, "jane", "its host is gone");
        } else {
            ktm.manager().forceRollback(unitOfWork, "jane", "its host is gone");
        }
        while (!ktm.manager().live().isEmpty()) {
            Thread.onSpinWait();
        }
    }

    /** A superior of XA cannot be asked: what it has prepared is in doubt as soon as it is. */
    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    @Conforms({"OPS-05", "OPS-06"})
    void aSuperiorThatAnOperatorHasDecidedInPlaceOfIsToldIfItContradicts(boolean commit, boolean restart)
            throws Exception {
        var unit = prepared(ONE);
        force(unit, commit);
        assertThat(orders.committed()).hasSize(commit ? 1 : 0);
        if (restart) {
            reopen();
        }
        assertThat(terminator.recover(SCAN))
                .singleElement()
                .satisfies(xid -> assertThat(xid.getFormatId()).isEqualTo(4711));

        var refusal = refusalOf(commit ? () -> terminator.rollback(ONE) : () -> terminator.commit(ONE, false));

        assertThat(refusal.errorCode).isEqualTo(commit ? XAException.XA_HEURCOM : XAException.XA_HEURRB);
        assertThat(orders.committed()).hasSize(commit ? 1 : 0);
        assertThat(ktm.operations().reports()).anySatisfy(report -> {
            assertThat(report.kind()).isEqualTo(OutcomeReport.Kind.HEURISTIC);
            assertThat(report.unitOfWork()).isEqualTo(unit);
            assertThat(report.cause()).contains("the superior has decided", "jane");
        });
        assertThat(ktm.manager().damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.damage()).hasSize(2));
        terminator.forget(ONE);
        assertThat(ktm.manager().damaged()).isEmpty();
        assertThat(terminator.recover(SCAN)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void aSuperiorThatAgreesWithAnOperatorIsToldNothing(boolean commit, boolean restart) throws Exception {
        var unit = prepared(ONE);
        force(unit, commit);
        if (restart) {
            reopen();
        }

        if (commit) {
            terminator.commit(ONE, false);
        } else {
            terminator.rollback(ONE);
        }

        assertThat(ktm.manager().damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.damage())
                        .as("that nobody had seen it")
                        .hasSize(1));
    }

    private void reopen() {
        ktm.close();
        ktm = open(device);
        terminator = (XATerminator) ktm.xaTerminator();
        ktm.register("orders", orders::connect);
        ktm.register("stock", stock::connect);
        ktm.recoverNow();
    }
}
