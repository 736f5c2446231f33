package dev.ktm.tm;

import dev.ktm.journal.UnknownOutcomeException;
import dev.ktm.log.LogException;
import dev.ktm.protocol.Reply;
import dev.ktm.protocol.TransactionProtocol;
import dev.ktm.rm.Damage;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.RecoveryInformation;
import dev.ktm.rm.TransactionId;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/** The only kind of {@link Enlistment}. */
final class EnlistmentHandle implements Enlistment {

    private final CoreEnlistment enlistment;
    private final Set<EnlistmentRight> rights;
    private static final AtomicIntegerFieldUpdater<EnlistmentHandle> CLOSED =
            AtomicIntegerFieldUpdater.newUpdater(EnlistmentHandle.class, "closed");

    /** 1 once it is closed. */
    private volatile int closed;

    EnlistmentHandle(CoreEnlistment enlistment, Set<EnlistmentRight> rights) {
        this.enlistment = enlistment;
        this.rights = rights;
    }

    private CoreEnlistment require(EnlistmentRight right) throws KtmException {
        if (closed != 0) {
            throw new KtmException(KtmError.INVALID_TRANSACTION, "expected an open handle, found a closed one");
        }
        TransactionManagers.Rights.require(rights, right, "the enlistment");
        var coordinator = enlistment.transaction.coordinator();
        if (coordinator != null) {
            coordinator.requireOpen();
        }
        return enlistment;
    }

    @Override
    public UUID id() throws KtmException {
        return require(EnlistmentRight.QUERY_INFORMATION).id();
    }

    @Override
    public UUID unitOfWork() throws KtmException {
        return require(EnlistmentRight.QUERY_INFORMATION).transaction.unitOfWork();
    }

    @Override
    public TransactionId transaction() throws KtmException {
        return require(EnlistmentRight.QUERY_INFORMATION).transaction.boundId();
    }

    @Override
    public UUID resourceManager() throws KtmException {
        return require(EnlistmentRight.QUERY_INFORMATION).resourceManagerId;
    }

    @Override
    public EnlistmentState state() throws KtmException {
        var core = require(EnlistmentRight.QUERY_INFORMATION);
        return core.transaction.locked(core::state);
    }

    @Override
    public List<EnlistmentState> history() throws KtmException {
        var core = require(EnlistmentRight.QUERY_INFORMATION);
        return core.transaction.locked(core::history);
    }

    @Override
    public byte[] recoveryInformation() throws KtmException {
        return require(EnlistmentRight.QUERY_INFORMATION).recoveryInformation.toBytes();
    }

    @Override
    public void setRecoveryInformation(byte[] information) throws KtmException {
        setRecoveryInformation(
                information.length == 0 ? RecoveryInformation.NONE : new RecoveryInformation(information));
    }

    @Override
    public void setRecoveryInformation(RecoveryInformation information) throws KtmException {
        var core = require(EnlistmentRight.SET_INFORMATION);
        var coordinator = core.transaction.coordinator();
        if (coordinator == null || coordinator.isVolatile()) {
            throw new KtmException(
                    KtmError.TM_VOLATILE, "expected a transaction manager with a log, found a volatile one");
        }
        core.recoveryInformation = information;
    }

    private void reply(Reply reply) throws KtmException {
        var core = require(EnlistmentRight.SUBORDINATE_RIGHTS);
        core.reply(reply);
    }

    @Override
    public void prePrepareComplete() throws KtmException {
        reply(Reply.PREPREPARE_COMPLETE);
    }

    @Override
    public void prepareComplete() throws KtmException {
        reply(Reply.PREPARE_COMPLETE);
    }

    @Override
    public void commitComplete() throws KtmException {
        reply(Reply.COMMIT_COMPLETE);
    }

    @Override
    public void rollbackComplete() throws KtmException {
        reply(Reply.ROLLBACK_COMPLETE);
    }

    @Override
    public void readOnly() throws KtmException {
        reply(Reply.READ_ONLY);
    }

    @Override
    public void singlePhaseReject() throws KtmException {
        reply(Reply.SINGLE_PHASE_REJECT);
    }

    @Override
    public void rollback() throws KtmException {
        try {
            reply(Reply.ROLLBACK);
        } catch (KtmException e) {
            lookForContradiction(false, e);
            throw e;
        }
    }

    /** What was refused may be what a superior has decided, and an operator had decided otherwise. */
    private void lookForContradiction(boolean commit, KtmException refusal) {
        var manager = enlistment.transaction.coordinator();
        if (enlistment.isSuperior() && manager != null && closed == 0) {
            try {
                manager.inPlaceOfSuperior().contradicts(enlistment.transaction, commit);
            } catch (KtmException e) {
                refusal.addSuppressed(e);
            }
        }
    }

    @Override
    public void rollback(Throwable why) throws KtmException {
        var core = require(EnlistmentRight.SUBORDINATE_RIGHTS);
        core.refuse(why);
    }

    @Override
    public void requestOutcome() throws KtmException {
        reply(Reply.REQUEST_OUTCOME);
    }

    @Override
    public boolean isAlone() throws KtmException {
        var core = require(EnlistmentRight.QUERY_INFORMATION);
        return core.transaction.isAlone(core);
    }

    @Override
    public void postpone() throws KtmException {
        var core = require(EnlistmentRight.SUBORDINATE_RIGHTS);
        core.transaction.act(protocol -> protocol.postponed(core));
    }

    @Override
    public void reportHeuristic(HeuristicDecision decision, int code, String branch, String note) throws KtmException {
        var core = require(EnlistmentRight.SUBORDINATE_RIGHTS);
        var damage = new Damage(
                core.resourceManagerId.toString(),
                core.id(),
                decision,
                code,
                core.transaction.now().toEpochMilli(),
                branch + ": " + note);
        core.transaction.report(
                OutcomeReport.Kind.HEURISTIC,
                core.resourceManagerLabel(),
                branch,
                Integer.toString(code),
                note,
                "compare the data of the participants, mend them, then forget the transaction",
                null);
        try {
            core.transaction.addDamage(damage);
        } catch (LogException | UnknownOutcomeException e) {
            throw new KtmException(
                    KtmError.TRANSACTIONMANAGER_NOT_ONLINE, "the heuristic decision could not be written: " + e, e);
        }
    }

    @Override
    public void recover(@Nullable Object key) throws KtmException {
        var core = require(EnlistmentRight.RECOVER);
        core.transaction.act(protocol -> {
            var resourceManager = core.resourceManager;
            if (resourceManager == null || !resourceManager.isAnnounced(core)) {
                throw new KtmException(
                        KtmError.TRANSACTION_REQUEST_NOT_VALID,
                        "expected an enlistment that was announced, found one that is " + core.state());
            }
            if (!core.isSuperior()) {
                core.key = key;
                protocol.reply(core, Reply.RECOVER);
            } else {
                core.key = key;
            }
            resourceManager.recovered(core);
        });
    }

    // What a superior orders.

    private CoreEnlistment requireSuperior() throws KtmException {
        var core = require(EnlistmentRight.SUPERIOR_RIGHTS);
        if (!core.isSuperior()) {
            throw new KtmException(
                    KtmError.ENLISTMENT_NOT_SUPERIOR, "expected a superior enlistment, found a subordinate one");
        }
        return core;
    }

    @Override
    public void prePrepare() throws KtmException {
        var core = requireSuperior();
        core.transaction.beginPhase(Notification.PREPREPARE_COMPLETE, TransactionProtocol::prePrepareBySuperior);
    }

    @Override
    public void prepare() throws KtmException {
        var core = requireSuperior();
        core.transaction.beginPhase(Notification.PREPARE_COMPLETE, TransactionProtocol::prepareBySuperior);
    }

    @Override
    public void commit() throws KtmException {
        var core = requireSuperior();
        try {
            core.transaction.actUnlessFrozen(TransactionProtocol::commitBySuperior);
        } catch (KtmException e) {
            lookForContradiction(true, e);
            throw e;
        }
    }

    @Override
    public void leaveToClient() throws KtmException {
        requireSuperior().transaction.act(TransactionProtocol::leaveToClient);
    }

    @Override
    public void adoptClock(long clock) throws KtmException {
        require(EnlistmentRight.SUBORDINATE_RIGHTS);
        var coordinator = enlistment.transaction.coordinator();
        if (coordinator != null) {
            coordinator.adopt(clock);
        }
    }

    @Override
    public void close() {
        if (CLOSED.compareAndSet(this, 0, 1)) {
            enlistment.handleClosed();
        }
    }
}
