package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static dev.ktm.testing.ScriptedResourceManager.SUPERIOR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.ManagerRight;
import dev.ktm.rm.Notification;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.ResourceManagerRight;
import dev.ktm.rm.TransactionRight;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.tm.ManagerHandle.Durability;
import dev.ktm.tm.TransactionManagers.Query;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a handle may do. */
class RightsTest {

    /** A call that needs a right. */
    private interface Call<H> {
        void on(H handle) throws Exception;
    }

    private static final List<Call<Enlistment>> ANSWERS = List.of(
            Enlistment::prePrepareComplete,
            Enlistment::prepareComplete,
            Enlistment::commitComplete,
            Enlistment::rollbackComplete,
            Enlistment::readOnly,
            Enlistment::singlePhaseReject,
            Enlistment::rollback,
            Enlistment::requestOutcome);

    private static final List<Call<Enlistment>> ORDERS =
            List.of(Enlistment::prePrepare, Enlistment::prepare, Enlistment::commit);

    @TempDir
    Path directory;

    @AutoClose
    private final Machine machine = new Machine();

    private final ManagerHandle manager = machine.atWork();
    private final ScriptedResourceManager one = machine.lasting(manager, "one");

    private TransactionHandle begin() throws Exception {
        return manager.createTransaction(TransactionOptions.DEFAULT);
    }

    private Map<TransactionRight, Call<TransactionHandle>> transactionCalls() {
        return Map.of(
                TransactionRight.COMMIT, TransactionHandle::commit,
                TransactionRight.ROLLBACK, TransactionHandle::rollback,
                TransactionRight.ENLIST, handle -> one.enlist(handle, PHASES),
                TransactionRight.QUERY_INFORMATION, TransactionHandle::outcome,
                TransactionRight.SET_INFORMATION, handle -> handle.setDescription("changed"));
    }

    @Test
    @Conforms({"KTM-AR-01", "KTM-AR-02", "KTM-AR-07"})
    void aTransactionsHandleWithoutARightCannotDoItInAnyState() throws Exception {
        var active = begin();
        var part = one.enlist(active, PHASES);
        var committed = begin();
        var committedUnit = committed.unitOfWork();
        var rolledBack = begin();
        for (var call : transactionCalls().entrySet()) {
            var others = EnumSet.complementOf(EnumSet.of(call.getKey())).toArray(new TransactionRight[0]);
            var mute = manager.openTransaction(active.unitOfWork(), others);
            assertRefused(KtmError.ACCESS_DENIED, () -> call.getValue().on(mute));
            mute.close();
        }
        part.assertHeard();
        assertThat(active.transaction().state()).isEqualTo(TransactionState.ACTIVE);
        assertThat(active.enlistments()).hasSize(1);
        assertThat(active.description()).isEmpty();
        assertThat(manager.clock()).isEqualTo(1);

        for (var call : transactionCalls().entrySet()) {
            var others = EnumSet.complementOf(EnumSet.of(call.getKey())).toArray(new TransactionRight[0]);
            var muteCommitted = committed.duplicate(others);
            var muteRolledBack = rolledBack.duplicate(others);
            committedAnd(committed, rolledBack);
            assertRefused(KtmError.ACCESS_DENIED, () -> call.getValue().on(muteCommitted));
            assertRefused(KtmError.ACCESS_DENIED, () -> call.getValue().on(muteRolledBack));
        }
        assertThat(committedUnit).isEqualTo(committed.unitOfWork());
    }

    private static void committedAnd(TransactionHandle committed, TransactionHandle rolledBack) throws Exception {
        if (committed.outcome() == Outcome.UNDETERMINED) {
            committed.commit();
            rolledBack.rollback();
        }
    }

    @Test
    @Conforms("KTM-AR-03")
    void aResourceManagersRightsAreAllButCommit() throws Exception {
        var transaction = begin();
        var rights = TransactionRight.RESOURCE_MANAGER.toArray(new TransactionRight[0]);
        var handle = machine.kernel.openTransaction(transaction.unitOfWork(), rights);

        one.enlist(handle, PHASES);
        handle.setTimeout(Duration.ofSeconds(3));
        assertThat(handle.timeout()).isEqualTo(Duration.ofSeconds(3));
        assertRefused(KtmError.ACCESS_DENIED, handle::commit);
        assertRefused(KtmError.ACCESS_DENIED, handle::commitAsync);
        handle.rollback();

        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
    }

    @Test
    void aDuplicateHasNoMoreRightsThanItsOriginal() throws Exception {
        var transaction = begin();
        var handle = transaction.duplicate(TransactionRight.QUERY_INFORMATION, TransactionRight.ROLLBACK);

        assertRefused(KtmError.ACCESS_DENIED, () -> handle.duplicate(TransactionRight.COMMIT));

        handle.duplicate(TransactionRight.ROLLBACK).rollback();
        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
    }

    @Test
    @Conforms("KTM-AR-04")
    void anEnlistmentsHandleAnswersAndDrivesByRight() throws Exception {
        one.byHand(Notification.PREPREPARE);
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var others = EnumSet.complementOf(EnumSet.of(EnlistmentRight.SUBORDINATE_RIGHTS));
        var mute = one.handle().openEnlistment(part.enlistment().id(), others.toArray(new EnlistmentRight[0]));
        transaction.commitAsync();
        for (var answer : ANSWERS) {
            assertRefused(KtmError.ACCESS_DENIED, () -> answer.on(mute));
        }
        assertThat(mute.state()).isEqualTo(EnlistmentState.PRE_PREPARING);

        var driven = begin();
        var superior = one.enlistSuperior(driven, SUPERIOR);
        var noDriver = one.handle()
                .openEnlistment(
                        superior.enlistment().id(),
                        EnlistmentRight.SUBORDINATE_RIGHTS,
                        EnlistmentRight.QUERY_INFORMATION);
        for (var order : ORDERS) {
            assertRefused(KtmError.ACCESS_DENIED, () -> order.on(noDriver));
        }
        assertThat(driven.transaction().state()).isEqualTo(TransactionState.ACTIVE);
        part.enlistment().prePrepareComplete();
    }

    @Test
    @Conforms("KTM-AR-05")
    void aSuperiorNeedsTheRightsOfASubordinateToRollBack() throws Exception {
        var transaction = begin();
        var superior = one.enlistSuperior(transaction, SUPERIOR);
        var driver = one.handle().openEnlistment(superior.enlistment().id(), EnlistmentRight.SUPERIOR_RIGHTS);

        assertRefused(KtmError.ACCESS_DENIED, driver::rollback);
        assertRefused(KtmError.ACCESS_DENIED, () -> driver.rollback(new IllegalStateException("no")));
        assertThat(transaction.outcome()).isEqualTo(Outcome.UNDETERMINED);
        driver.prePrepare();

        assertThat(superior.heard()).containsExactly(Notification.PREPREPARE_COMPLETE);
    }

    @Test
    @Conforms("KTM-AR-06")
    void noRightsAtAllMakeNoSense() throws Exception {
        var transaction = begin();
        var part = one.enlist(transaction, PHASES);
        var identity = Query.byIdentity(manager.identity());

        assertRefused(KtmError.INVALID_PARAMETER, () -> machine.kernel.open(identity));
        assertRefused(KtmError.INVALID_PARAMETER, () -> machine.kernel.openTransaction(transaction.unitOfWork()));
        assertRefused(KtmError.INVALID_PARAMETER, () -> manager.openTransaction(transaction.unitOfWork()));
        assertRefused(KtmError.INVALID_PARAMETER, () -> transaction.duplicate());
        assertRefused(
                KtmError.INVALID_PARAMETER,
                () -> manager.openResourceManager(one.handle().id()));
        assertRefused(
                KtmError.INVALID_PARAMETER,
                () -> one.handle().openEnlistment(part.enlistment().id()));
    }

    @Test
    @Conforms("KTM-AR-08")
    void recoveringNeedsTheRightToRecover() throws Exception {
        var name = "recoverable";
        one.byHand(Notification.COMMIT);
        var two = machine.durable(manager, "two");
        var transaction = begin();
        var id = one.enlist(transaction, PHASES).enlistment().id();
        two.enlist(transaction, PHASES);
        transaction.commitAsync();
        try (var next = machine.afterCrash()) {
            var owner = next.kernel.create(next.onDisk().withName(name));
            var blind = next.kernel.open(Query.byName(name), ManagerRight.QUERY_INFORMATION);
            assertRefused(KtmError.ACCESS_DENIED, blind::recover);
            assertRefused(KtmError.ACCESS_DENIED, () -> blind.rollForward(7));
            assertThat(owner.isOnline()).isFalse();
            next.kernel.open(Query.byName(name), ManagerRight.RECOVER).recover();
            assertThat(owner.isOnline()).isTrue();

            var again = next.durable(owner, "one");
            var noRecovery = EnumSet.complementOf(EnumSet.of(ResourceManagerRight.RECOVER));
            var mute = owner.openResourceManager(again.handle().id(), noRecovery.toArray(new ResourceManagerRight[0]));
            assertRefused(KtmError.ACCESS_DENIED, mute::recover);
            assertThat(again.heard()).isEmpty();
            again.handle().recover();
            var rights = EnumSet.complementOf(EnumSet.of(EnlistmentRight.RECOVER));
            var enlistment = again.handle().openEnlistment(id, rights.toArray(new EnlistmentRight[0]));
            assertRefused(KtmError.ACCESS_DENIED, () -> enlistment.recover("key"));
            assertThat(enlistment.state()).isEqualTo(EnlistmentState.RECOVERING);
        }
    }

    @Test
    @Conforms("KTM-AR-02")
    void everyCallOfAManagerNeedsItsRight() throws Exception {
        var named = machine.kernel.create(ManagerOptions.inMemory().withName("named"));
        var calls = Map.<ManagerRight, Call<ManagerHandle>>of(
                ManagerRight.QUERY_INFORMATION, ManagerHandle::clock,
                ManagerRight.RECOVER, ManagerHandle::recover,
                ManagerRight.RENAME, ManagerHandle::rename,
                ManagerRight.CREATE_RM, handle -> handle.createResourceManager(null, "", Durability.VOLATILE));

        for (var call : calls.entrySet()) {
            var others = EnumSet.complementOf(EnumSet.of(call.getKey())).toArray(new ManagerRight[0]);
            var handle = machine.kernel.open(Query.byName("named"), others);
            assertRefused(KtmError.ACCESS_DENIED, () -> call.getValue().on(handle));
        }
        var noQuery = machine.kernel.open(Query.byName("named"), ManagerRight.CREATE_RM);
        assertRefused(KtmError.ACCESS_DENIED, () -> noQuery.createTransaction(TransactionOptions.DEFAULT));
        assertRefused(KtmError.ACCESS_DENIED, noQuery::transactions);

        assertThat(named.resourceManagers()).isEmpty();
        assertThat(named.transactions()).isEmpty();
    }

    @Test
    @Conforms("KTM-AR-02")
    void everyCallOfAResourceManagerNeedsItsRight() throws Exception {
        var transaction = begin();
        var id = one.handle().id();
        var query = manager.openResourceManager(id, ResourceManagerRight.QUERY_INFORMATION);
        var enlist = manager.openResourceManager(id, ResourceManagerRight.ENLIST);

        assertRefused(KtmError.ACCESS_DENIED, () -> query.enlist(transaction.unitOfWork(), PHASES, null));
        assertRefused(KtmError.ACCESS_DENIED, () -> query.getNotification(Duration.ZERO));
        assertRefused(KtmError.ACCESS_DENIED, enlist::description);
        assertRefused(
                KtmError.ACCESS_DENIED,
                () -> enlist.setHandler(event -> dev.ktm.rm.NotificationHandler.Result.SUCCESS));

        var part = enlist.enlist(transaction.unitOfWork(), PHASES, null);
        var set = query.openEnlistment(part.id(), EnlistmentRight.SET_INFORMATION);
        assertRefused(KtmError.ACCESS_DENIED, set::recoveryInformation);
        set.setRecoveryInformation(new byte[] {1});
        assertThat(part.recoveryInformation()).containsExactly(1);
    }

    @Test
    @Conforms("KTM-AR-09")
    void aLogsDirectoryIsItsOwnersAlone() throws Exception {
        var log = directory.resolve("log");
        try (var durable = machine.kernel.create(ManagerOptions.durable(log))) {
            durable.recover();
        }

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(log)))
                .isEqualTo("rwx------");
        try (var files = Files.list(log)) {
            files.forEach(file -> assertThat(permissions(file)).doesNotContain("GROUP_READ", "OTHERS_READ"));
        }
    }

    private static Set<String> permissions(Path file) {
        try {
            return Set.copyOf(
                    Files.getPosixFilePermissions(file).stream().map(Enum::name).toList());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void aClosedHandleIsOfNoUseWhateverItsRights() throws Exception {
        var transaction = begin();
        var other = transaction.duplicate(TransactionRight.QUERY_INFORMATION);
        transaction.close();

        assertRefused(KtmError.INVALID_TRANSACTION, transaction::commit);
        assertRefused(KtmError.INVALID_TRANSACTION, transaction::outcome);

        assertThat(other.outcome()).isEqualTo(Outcome.UNDETERMINED);
        assertThat(KtmException.class).isFinal();
    }
}
