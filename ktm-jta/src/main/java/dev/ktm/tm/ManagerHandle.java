package dev.ktm.tm;

import dev.ktm.journal.TransactionRecord;
import dev.ktm.log.Log;
import dev.ktm.protocol.TransactionProtocol;
import dev.ktm.rm.Damage;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.ManagerRight;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.ResourceManagerRight;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionRight;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A handle of a transaction manager. The one that {@link TransactionManagers#create} gives closes the transaction manager with
 * it, the others only themselves. Safe for many threads.
 */
public final class ManagerHandle implements AutoCloseable {

    private final TransactionManagers kernel;
    private final Coordinator coordinator;
    private final Set<ManagerRight> rights;
    private volatile boolean closed;

    ManagerHandle(TransactionManagers kernel, Coordinator coordinator, Set<ManagerRight> rights) {
        this.kernel = kernel;
        this.coordinator = coordinator;
        this.rights = rights;
    }

    Coordinator coordinator() {
        return coordinator;
    }

    private void require(ManagerRight right) throws KtmException {
        if (closed) {
            throw new KtmException(
                    KtmError.TRANSACTION_OBJECT_EXPIRED, "expected an open transaction manager, found a closed handle");
        }
        TransactionManagers.Rights.require(rights, right, "the transaction manager");
        coordinator.requireOpen();
    }

    /** Its identity, which its log keeps. */
    public UUID identity() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.identity();
    }

    /** Its life: the number of times that its log was opened. */
    public long incarnation() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.incarnation();
    }

    /** Its virtual clock. */
    public long clock() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.clock();
    }

    /** How many of its transactions have begun and ended since it was opened. */
    public TransactionCounts counts() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.counters().read();
    }

    /** Its log, for native resource managers that write into it too; empty if it is volatile. */
    public Optional<Log> log() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.log();
    }

    /** Where its log is, as its device or its directory is called; empty if it is volatile. */
    public Optional<String> logPath() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.logPath();
    }

    /** Where the last record lies that its recovery has read; empty before that, if it is volatile, or if there was none. */
    public OptionalLong lastRecoveredLsn() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.lastRecoveredLsn();
    }

    /** Whether it takes requests. */
    public boolean isOnline() {
        return coordinator.state() == Coordinator.State.ONLINE;
    }

    /** Whether it has no log. */
    public boolean isVolatile() {
        return coordinator.isVolatile();
    }

    /** Rebuilds what the log tells of, and takes requests from then on. */
    public void recover() throws KtmException {
        require(ManagerRight.RECOVER);
        coordinator.recover(OptionalLong.empty());
        kernel.links().online(coordinator);
    }

    /** As {@link #recover}, but only what was written up to and with this value of the virtual clock; may be called again. */
    public void rollForward(long clock) throws KtmException {
        require(ManagerRight.RECOVER);
        coordinator.recover(OptionalLong.of(clock));
    }

    /** Gives it a new identity, which is in the log when this returns; only while no transaction needs the old one. */
    public UUID rename() throws KtmException {
        require(ManagerRight.RENAME);
        coordinator.rename();
        kernel.renamed(coordinator);
        return coordinator.identity();
    }

    // Resource managers.

    /** How a resource manager is made. */
    public enum Durability {
        /** It has a log, or can be asked what it has prepared. */
        DURABLE,
        /** Nothing about it is logged, and it is not recovered. */
        VOLATILE,
        /** Durable, and carries transactions to other hosts. */
        COMMUNICATION
    }

    /**
     * Creates a resource manager. A durable one is recovered next.
     *
     * @param id the one it had before, or null for a new one
     * @param description for people, at most 64 characters
     */
    public ResourceManager createResourceManager(@Nullable UUID id, String description, Durability durability)
            throws KtmException {
        require(ManagerRight.CREATE_RM);
        var created = coordinator.createResourceManager(
                id == null ? UUID.randomUUID() : id,
                description,
                durability == Durability.VOLATILE,
                durability == Durability.COMMUNICATION);
        return new ResourceManagerHandle(kernel, created, ResourceManagerRight.ALL);
    }

    /** Opens a resource manager that somebody has created. */
    public ResourceManager openResourceManager(UUID id, ResourceManagerRight... wanted) throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        var granted = TransactionManagers.Rights.of(ResourceManagerRight.class, wanted);
        return new ResourceManagerHandle(kernel, coordinator.openResourceManager(id), granted);
    }

    /** The ids of its resource managers. */
    public List<UUID> resourceManagers() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.resourceManagers().stream().map(each -> each.id).toList();
    }

    // Transactions.

    /** Creates a transaction of this transaction manager. */
    public TransactionHandle createTransaction(TransactionOptions options) throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return kernel.createTransaction(coordinator, options);
    }

    /** Opens a transaction of this transaction manager. */
    public TransactionHandle openTransaction(UUID unitOfWork, TransactionRight... wanted) throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        coordinator.requireOnline();
        return kernel.open(coordinator, unitOfWork, wanted);
    }

    /** The units of work of its transactions that have not ended. */
    public List<UUID> transactions() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return kernel.live().all().stream()
                .filter(each -> each.coordinator() == coordinator)
                .map(CoreTransaction::unitOfWork)
                .toList();
    }

    /** Its transactions that have not ended, as KTM knows them. */
    public List<KtmTransaction> live() throws KtmException {
        // First: whoever closes takes them all away after it has said so.
        var all = kernel.live().all().stream()
                .filter(each -> each.coordinator() == coordinator)
                .map(KtmTransaction.class::cast)
                .toList();
        require(ManagerRight.QUERY_INFORMATION);
        return all;
    }

    /** Its transactions that have not ended, as people are shown them; each at one moment. */
    public List<TransactionInspection> inspect() throws KtmException {
        var all = kernel.live().all().stream()
                .filter(each -> each.coordinator() == coordinator)
                .map(CoreTransaction::inspect)
                .toList();
        require(ManagerRight.QUERY_INFORMATION);
        return all;
    }

    /** The transactions that the log has to keep: those that are decided or prepared, and have not ended or are damaged. */
    public Set<TransactionId> inLog() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.inLog();
    }

    /** Where the newest record of this transaction manager lies in its log; empty if it has none. */
    public OptionalLong lastLsn() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.lastLsn();
    }

    /** A resource manager, as people are shown it. */
    public record ManagedResource(UUID id, String description, boolean isVolatile) {}

    /** Its resource managers, as people are shown them. */
    public List<ManagedResource> inspectResourceManagers() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.resourceManagers().stream()
                .map(each -> new ManagedResource(each.id, each.description, each.isVolatile))
                .toList();
    }

    /** The name that it was given; empty if none. */
    public String name() {
        return coordinator.name();
    }

    /**
     * An operator says that a participant which was told the outcome has acted on it, or never will: the transaction ends
     * without its answer. Who says so, when and why is in the log before that, see {@link #operatorActs}.
     *
     * @param who says so, in at most 100 characters
     * @param why for those who ask later, in at most 500 characters
     */
    public void complete(UUID unitOfWork, UUID enlistment, String who, String why) throws KtmException {
        require(ManagerRight.RECOVER);
        requireSaid(who, why);
        var transaction = kernel.require(unitOfWork, coordinator);
        var found = transaction.enlistments().stream()
                .filter(each -> each.id().equals(enlistment))
                .findAny()
                .orElseThrow(() -> new KtmException(
                        KtmError.ENLISTMENT_NOT_FOUND,
                        "expected an enlistment of " + unitOfWork + ", found none with id " + enlistment));
        transaction.act(protocol -> protocol.requireFinishable(found));
        var act = new OperatorAct(
                OperatorAct.Kind.COMPLETE,
                transaction.boundId(),
                unitOfWork,
                Optional.of(enlistment),
                coordinator.now(),
                who,
                why);
        coordinator.note(act);
        try {
            // If it has answered meanwhile, that is what counts, and the operator is told.
            transaction.act(protocol -> protocol.finish(found));
        } catch (KtmException e) {
            coordinator.report(act, "not done: " + e.getMessage());
            throw e;
        }
        coordinator.report(act, "done: the participant is not waited for any more");
    }

    /**
     * Its transactions that wait for nothing but what their last resource has decided, which could not say so: in its place an
     * operator may decide.
     */
    public List<KtmTransaction> waitingForLast() throws KtmException {
        return live().stream()
                .filter(each -> ((CoreTransaction) each).isWaitingForLast())
                .toList();
    }

    /**
     * An operator decides to commit a transaction whose last resource is gone for good: what it has decided can no longer be
     * found out, and all others wait, prepared. Who says so, when and why is in the log before that, see {@link #operatorActs};
     * and with the decision, that the last resource may have done otherwise, see {@link #damaged}.
     *
     * @param who says so, in at most 100 characters
     * @param why for those who ask later, in at most 500 characters
     * @throws KtmException if there is no such last resource, it may still answer, or has answered before the operator: the
     *     operator has decided nothing. With {@link KtmError#TRANSACTIONMANAGER_NOT_ONLINE} if it cannot be written: the same;
     *     but if the transaction is {@linkplain dev.ktm.rm.Outcome#UNAVAILABLE unavailable} then, only a restart can tell whether
     *     it is decided. What was asked for, and what came of it, is reported in any case
     */
    public void commitInPlaceOfLast(UUID unitOfWork, String who, String why) throws KtmException {
        decideInPlaceOfLast(unitOfWork, OperatorAct.Kind.COMMIT, who, why);
    }

    /** As {@link #commitInPlaceOfLast}, but rolls back. */
    public void rollBackInPlaceOfLast(UUID unitOfWork, String who, String why) throws KtmException {
        decideInPlaceOfLast(unitOfWork, OperatorAct.Kind.ROLL_BACK, who, why);
    }

    private void decideInPlaceOfLast(UUID unitOfWork, OperatorAct.Kind kind, String who, String why)
            throws KtmException {
        require(ManagerRight.RECOVER);
        requireSaid(who, why);
        var transaction = kernel.require(unitOfWork, coordinator);
        var last = transaction.requireUndecidedLast();
        var act = new OperatorAct(
                kind, transaction.boundId(), unitOfWork, Optional.of(last.id()), coordinator.now(), who, why);
        coordinator.note(act);
        try {
            // If it has answered meanwhile, that is what counts, and the operator is told.
            transaction.decideInPlaceOfLast(kind == OperatorAct.Kind.COMMIT, TransactionReports.unseen(last, act));
        } catch (KtmException e) {
            coordinator.report(act, "not done: " + e.getMessage());
            throw e;
        }
        coordinator.report(act, "done: it is decided in place of the last participant");
        TransactionReports.decidedInPlaceOf(last, act);
    }

    /**
     * An operator says that the superior of a transaction in doubt, which cannot be reached, has decided to commit; the
     * transaction commits as if the superior had said it. In doubt is what all have voted for, and whose superior has gone, or is one
     * that could not be asked. Who says so, when and why is in the log before that, see {@link #operatorActs}.
     *
     * @param who says so, in at most 100 characters
     * @param why for those who ask later, in at most 500 characters
     * @throws KtmException if it is not in doubt, or has been decided before the operator: the operator has decided nothing. With
     *     {@link KtmError#TRANSACTIONMANAGER_NOT_ONLINE} if it cannot be written: the same; but if the transaction is
     *     {@linkplain dev.ktm.rm.Outcome#UNAVAILABLE unavailable} then, only a restart can tell whether it is decided
     */
    public void resolveCommit(UUID unitOfWork, String who, String why) throws KtmException {
        decideInPlaceOfSuperior(unitOfWork, OperatorAct.Kind.RESOLVE_COMMIT, who, why);
    }

    /** As {@link #resolveCommit}: the superior has decided to roll back, or knows nothing of the transaction. */
    public void resolveRollback(UUID unitOfWork, String who, String why) throws KtmException {
        decideInPlaceOfSuperior(unitOfWork, OperatorAct.Kind.RESOLVE_ROLLBACK, who, why);
    }

    /**
     * An operator decides to commit a transaction in doubt without knowing what its superior has decided, so that it gives back what it
     * holds. As {@link #resolveCommit}, but what was not seen is written with the decision: it is {@link #damaged} until it is
     * forgotten. If the superior comes back and has decided otherwise, nothing is changed: it is told that the outcome is heuristic,
     * and that is reported as {@link dev.ktm.rm.OutcomeReport.Kind#HEURISTIC} and remembered as damage.
     */
    public void forceCommit(UUID unitOfWork, String who, String why) throws KtmException {
        decideInPlaceOfSuperior(unitOfWork, OperatorAct.Kind.FORCE_COMMIT, who, why);
    }

    /** As {@link #forceCommit}, but rolls back. */
    public void forceRollback(UUID unitOfWork, String who, String why) throws KtmException {
        decideInPlaceOfSuperior(unitOfWork, OperatorAct.Kind.FORCE_ROLLBACK, who, why);
    }

    private void decideInPlaceOfSuperior(UUID unitOfWork, OperatorAct.Kind kind, String who, String why)
            throws KtmException {
        require(ManagerRight.RECOVER);
        requireSaid(who, why);
        coordinator.requireOnline();
        coordinator.inPlaceOfSuperior().decide(kernel.require(unitOfWork, coordinator), kind, who, why);
    }

    /**
     * A superior that an operator has decided in place of comes back, perhaps after a restart, and says what it has decided.
     *
     * @return whether the operator had decided otherwise: that is reported and remembered as damage then
     */
    public boolean superiorDecided(UUID unitOfWork, boolean commit) throws KtmException {
        require(ManagerRight.RECOVER);
        return coordinator.inPlaceOfSuperior().contradicts(unitOfWork, commit);
    }

    /**
     * An operator rolls back what nobody has prepared, in place of its client, whose next call fails. Participants are told by
     * somebody else, for whom this waits ten seconds at most. Who says so, when and why is in the log before that, see {@link
     * #operatorActs}.
     *
     * @param who says so, in at most 100 characters
     * @param why for those who ask later, in at most 500 characters
     * @throws KtmException if it is prepared or decided
     */
    public void rollback(UUID unitOfWork, String who, String why) throws KtmException {
        require(ManagerRight.RECOVER);
        requireSaid(who, why);
        var transaction = kernel.require(unitOfWork, coordinator);
        transaction.say(TransactionProtocol::requireAbortable);
        var act = new OperatorAct(
                OperatorAct.Kind.ROLLBACK,
                transaction.boundId(),
                unitOfWork,
                Optional.empty(),
                coordinator.now(),
                who,
                why);
        coordinator.note(act);
        if (!transaction.abortBy(who, why)) {
            coordinator.report(act, "not done: it is prepared or decided by now");
            throw new KtmException(
                    KtmError.TRANSACTION_REQUEST_NOT_VALID,
                    "expected a transaction that nobody has prepared, found one that is " + transaction.state());
        }
        coordinator.report(act, "done: it is rolled back");
    }

    /**
     * Rolls back the oldest of these that is prepared under a superior, in its place: for a resource manager that was told to
     * prefer availability, and that they keep from going on. It is reported as {@link dev.ktm.rm.OutcomeReport.Kind#HEURISTIC},
     * since the superior may decide otherwise.
     *
     * @return whether there was one
     */
    public boolean giveUpOldest(Collection<UUID> among) throws KtmException {
        require(ManagerRight.RECOVER);
        coordinator.requireOnline();
        return coordinator.giveUpOldest(Set.copyOf(among));
    }

    private static void requireSaid(String who, String why) throws KtmException {
        if (who.isBlank() || who.length() > OperatorAct.MOST_WHO_CHARACTERS) {
            throw TransactionOptions.invalid(
                    "who says so, in at most " + OperatorAct.MOST_WHO_CHARACTERS + " characters", "\"" + who + "\"");
        }
        if (why.isBlank() || why.length() > OperatorAct.MOST_WHY_CHARACTERS) {
            throw TransactionOptions.invalid(
                    "why, in at most " + OperatorAct.MOST_WHY_CHARACTERS + " characters", "\"" + why + "\"");
        }
    }

    /** A transaction some of whose participants did otherwise than was decided. */
    public record Damaged(TransactionId transaction, UUID unitOfWork, boolean committed, List<Damage> damage) {}

    /** What was damaged, until it has ended and is {@linkplain #forget forgotten}; durable. */
    public List<Damaged> damaged() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.damage().all().stream()
                .map(record -> new Damaged(
                        record.id(),
                        record.unitOfWork(),
                        record.status() == TransactionRecord.Status.COMMITTED,
                        record.damage()))
                .toList();
    }

    /**
     * An operator has mended what was damaged: it need not be remembered any more. Who says so, when and why is in the log
     * before that, see {@link #operatorActs}.
     *
     * @param who says so, in at most 100 characters
     * @param why for those who ask later, in at most 500 characters
     * @return whether it was known
     */
    public boolean forget(TransactionId transaction, String who, String why) throws KtmException {
        require(ManagerRight.RECOVER);
        requireSaid(who, why);
        return coordinator.damage().forget(transaction, who, why);
    }

    /**
     * What operators have asked for, oldest first, also in earlier lives: all of transactions that the log still holds, and
     * the last 100 in any case. It was written first, so it stands here also if nothing came of it, because a participant was quicker
     * or the log was full. If a superior, or another operator, was quicker, what was decided stands behind it when the transaction
     * has ended, by {@code transaction manager}.
     */
    public List<OperatorAct> operatorActs() throws KtmException {
        require(ManagerRight.QUERY_INFORMATION);
        return coordinator.operatorActs();
    }

    /**
     * A participant of a transaction that nobody remembers, which was therefore rolled back, has done otherwise. Durable when
     * this returns, until it is forgotten.
     */
    public void addDamage(TransactionId transaction, Damage damage) throws KtmException {
        require(ManagerRight.RECOVER);
        coordinator.damage().add(transaction, damage);
    }

    /**
     * Makes durable what is in the log now, ends of transactions among it. Does nothing if there is no log.
     *
     * @throws KtmException with {@link KtmError#TRANSACTIONMANAGER_NOT_ONLINE} if that fails
     */
    public void forceLog() throws KtmException {
        require(ManagerRight.RECOVER);
        coordinator.forceLog();
    }

    /**
     * Brings everything to rest for a snapshot: waits for the commits that are on their way, has new ones wait, and forces the
     * log. A snapshot that the file system or the storage takes as one, of the log's directory together with the native resource
     * managers' own, taken between the return of this and {@link #thaw}, has every commit whose client was answered, and none that is half done. Transactions begin, work and roll back meanwhile; what is prepared under a superior stays so, in the snapshot too.
     *
     * <p>Not held up are what is done outside of transactions, checkpoints, and a resource manager that is only now told of a
     * commit whose client has been answered already: so a copy that is made file by file may not fit together. If several
     * coordinators work on one transaction, freeze that of the superior first.
     *
     * @param wait how long to wait for commits that are on their way
     * @param thawAfter after this time everything goes on, whether {@link #thaw} was called or not
     * @throws KtmException with {@link KtmError#TRANSACTION_FREEZE_IN_PROGRESS} if it is frozen, with {@link
     *     KtmError#RM_CANNOT_BE_FROZEN_FOR_SNAPSHOT} if a commit has not ended in time: nothing is held up then
     */
    public void freeze(Duration wait, Duration thawAfter) throws KtmException {
        require(ManagerRight.RECOVER);
        coordinator.requireOnline();
        coordinator.freezing().freeze(wait, thawAfter);
    }

    /**
     * Lets everything go on.
     *
     * @throws KtmException with {@link KtmError#TRANSACTIONS_NOT_FROZEN} if it is not frozen, or not any more: then a snapshot
     *     that has just been taken is of no use
     */
    public void thaw() throws KtmException {
        require(ManagerRight.RECOVER);
        coordinator.freezing().thaw();
    }

    /** Closes the transaction manager: takes nothing new, lets commits that have begun end, releases the log. */
    @Override
    public void close() {
        closed = true;
        if (rights == ManagerRight.ALL) {
            coordinator.close();
            kernel.closed(coordinator);
        }
    }
}
