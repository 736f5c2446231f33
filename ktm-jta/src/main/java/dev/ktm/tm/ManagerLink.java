package dev.ktm.tm;

import dev.ktm.protocol.Reply;
import dev.ktm.protocol.Role;
import dev.ktm.protocol.TransactionProtocol;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.RecoveryInformation;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Two transaction managers of one namespace, of which the first decides also for the second.
 *
 * <p><b>Theory of operation.</b> A transaction has its home where its first participant is. A participant from elsewhere enlists
 * in a <em>branch</em>: a transaction of its own transaction manager, whose superior enlistment is ours. At home we are one more
 * participant, which passes every phase on to the branch as its superior and answers when the branch has. So each log holds
 * what it would hold anyway: the home's the decision, with us among the participants; the other's that the branch is
 * prepared, with us as its superior. Each of the two names the other in its recovery information.
 *
 * <p>After a restart the branch is in doubt until both are recovered. If the home knows the transaction as committed, it tells
 * us again, and we the branch; if it knows nothing of it, it was never decided, and the branch is rolled back. A branch that is
 * not there any more had been committed before the home could forget it.
 *
 * <p>No lock is held while a transaction is told something. Safe for many threads.
 */
final class ManagerLink {

    private static final long MAGIC = 0x4b54_4d4c_494e_4b31L;
    private static final int INFORMATION_BYTES = 5 * Long.BYTES;
    private static final NotificationMask PHASES = NotificationMask.of(
            Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK);

    private final TransactionManagers kernel;
    private final UUID root;
    private final UUID branch;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable CoreResourceManager rootSide;
    private @Nullable CoreResourceManager branchSide;
    /** The latest branch of each transaction that is at work. */
    private final Map<CoreTransaction, Branch> branches = new ConcurrentHashMap<>();
    /** What was told to commit, and has not said that it has. */
    private final Set<Branch> committing = ConcurrentHashMap.newKeySet();

    /** A transaction at home and its branch; the key of both enlistments. */
    private static final class Branch {
        final UUID branchUnit;
        volatile @Nullable CoreEnlistment atHome;
        volatile @Nullable CoreEnlistment superior;

        Branch(UUID branchUnit) {
            this.branchUnit = branchUnit;
        }
    }

    ManagerLink(TransactionManagers kernel, UUID root, UUID branch) {
        this.kernel = kernel;
        this.root = root;
        this.branch = branch;
    }

    // What stands in the logs.

    private static UUID rootSideId(UUID branch) {
        return UUID.nameUUIDFromBytes(("ktm link to " + branch).getBytes(StandardCharsets.UTF_8));
    }

    private static UUID branchSideId(UUID root) {
        return UUID.nameUUIDFromBytes(("ktm link from " + root).getBytes(StandardCharsets.UTF_8));
    }

    private static RecoveryInformation information(UUID otherManager, UUID otherUnit) {
        return new RecoveryInformation(ByteBuffer.allocate(INFORMATION_BYTES)
                .putLong(MAGIC)
                .putLong(otherManager.getMostSignificantBits())
                .putLong(otherManager.getLeastSignificantBits())
                .putLong(otherUnit.getMostSignificantBits())
                .putLong(otherUnit.getLeastSignificantBits())
                .array());
    }

    private static UUID uuidAt(CoreEnlistment enlistment, int index) {
        var bytes = ByteBuffer.wrap(enlistment.recoveryInformation.toBytes());
        return new UUID(bytes.getLong(index), bytes.getLong(index + Long.BYTES));
    }

    private static UUID otherUnit(CoreEnlistment enlistment) {
        return uuidAt(enlistment, 3 * Long.BYTES);
    }

    /** The identity at the other end, if this is an enlistment of a link. */
    static @Nullable UUID otherEnd(CoreEnlistment enlistment) {
        var information = enlistment.recoveryInformation;
        if (information.size() != INFORMATION_BYTES
                || ByteBuffer.wrap(information.toBytes()).getLong() != MAGIC) {
            return null;
        }
        var other = uuidAt(enlistment, Long.BYTES);
        var ours = enlistment.isSuperior() ? branchSideId(other) : rootSideId(other);
        return enlistment.resourceManagerId.equals(ours) ? other : null;
    }

    // The two resource managers.

    private CoreResourceManager side(Coordinator manager, boolean atRoot, boolean isVolatile) throws KtmException {
        lock.lock();
        try {
            var present = atRoot ? rootSide : branchSide;
            if (present != null && present.coordinator == manager) {
                return present;
            }
            var created = manager.createResourceManager(
                    atRoot ? rootSideId(branch) : branchSideId(root),
                    atRoot ? "link to " + branch : "link from " + root,
                    isVolatile,
                    false);
            created.setHandler(atRoot ? (NotificationHandler) this::toldAtHome : this::toldByBranch);
            if (atRoot) {
                rootSide = created;
            } else {
                branchSide = created;
            }
            return created;
        } finally {
            lock.unlock();
        }
    }

    /** One of the two is recovered, and has something of this link in its log. */
    void attach(Coordinator manager) throws KtmException {
        side(manager, manager.identity().equals(root), false);
    }

    // Taking part.

    CoreEnlistment enlist(
            CoreTransaction transaction,
            Coordinator home,
            CoreResourceManager participant,
            NotificationMask mask,
            @Nullable Object key)
            throws KtmException {
        var present = branches.get(transaction);
        var superior = present == null ? null : present.superior;
        if (superior != null) {
            try {
                return Enlisting.enlist(superior.transaction, participant, mask, key, Role.ANY);
            } catch (KtmException e) {
                if (e.error() != KtmError.TRANSACTION_MUST_WRITETHROUGH) {
                    throw e;
                }
                // This branch has flushed its caches, but perhaps not all of the transaction has.
            }
        }
        return enlistInNewBranch(transaction, home, participant, mask, key);
    }

    private CoreEnlistment enlistInNewBranch(
            CoreTransaction transaction,
            Coordinator home,
            CoreResourceManager participant,
            NotificationMask mask,
            @Nullable Object key)
            throws KtmException {
        var away = participant.coordinator;
        var atRoot = side(home, true, away.isVolatile());
        var atBranch = side(away, false, away.isVolatile());
        var unit = transaction.unitOfWork();
        var part = kernel.createTransaction(away, TransactionOptions.DEFAULT.withDescription("branch of " + unit))
                .core();
        var made = new Branch(part.unitOfWork());
        boolean done = false;
        try {
            part.enter(atBranch, Masks.SUPERIOR, made, Role.SUPERIOR, superior -> {
                superior.recoveryInformation = information(root, unit);
                made.superior = superior;
            });
            // Before the link itself, so that no phase can pass it by.
            var enlistment = Enlisting.enlist(part, participant, mask, key, Role.ANY);
            transaction.enter(atRoot, PHASES, made, Role.ANY, atHome -> {
                atHome.recoveryInformation = information(branch, made.branchUnit);
                made.atHome = atHome;
            });
            branches.put(transaction, made);
            done = true;
            transaction.drain();
            if (part.outcome() == Outcome.ABORTED) {
                rollBackAtHome(made);
            }
            return enlistment;
        } finally {
            if (!done) {
                part.abort(RollbackCause.CLOSED, null);
            }
        }
    }

    // What the home says is passed on to the branch.

    private Result toldAtHome(NotificationEvent event) throws KtmException {
        if (event.notification() == Notification.RECOVER) {
            recover(event.recovered().orElseThrow().enlistment());
        } else if (event.key() instanceof Branch part) {
            switch (event.notification()) {
                case PREPREPARE -> {
                    superiorOf(part).coordinator().adopt(event.clock());
                    superiorOf(part)
                            .transaction()
                            .beginPhase(Notification.PREPREPARE_COMPLETE, TransactionProtocol::prePrepareBySuperior);
                }
                case PREPARE -> {
                    superiorOf(part).coordinator().adopt(event.clock());
                    superiorOf(part)
                            .transaction()
                            .beginPhase(Notification.PREPARE_COMPLETE, TransactionProtocol::prepareBySuperior);
                }
                case COMMIT -> {
                    committing.add(part);
                    commit(part);
                }
                case ROLLBACK -> rollBack(part);
                default -> {
                    return Result.SUCCESS;
                }
            }
        } else {
            return Result.SUCCESS;
        }
        return Result.PENDING;
    }

    /** A branch's superior enlistment at work. */
    private record Driven(CoreEnlistment enlistment, CoreTransaction transaction, Coordinator coordinator) {}

    private static Driven superiorOf(Branch part) {
        var superior = Objects.requireNonNull(part.superior);
        return new Driven(superior, superior.transaction, Objects.requireNonNull(superior.transaction.coordinator()));
    }

    private void recover(UUID enlistment) throws KtmException {
        var side = rootSide;
        var atHome = side == null ? null : side.announced(enlistment);
        if (atHome != null) {
            var part = new Branch(otherUnit(atHome));
            part.atHome = atHome;
            new EnlistmentHandle(atHome, EnlistmentRight.ALL).recover(part);
        }
    }

    /** Has the branch commit, or the client not wait for it while that cannot be. */
    private void commit(Branch part) {
        var manager = kernel.online(branch);
        if (manager == null) {
            postpone(part);
            return;
        }
        var transaction = kernel.live(part.branchUnit, manager);
        var superior = transaction == null
                ? null
                : transaction.superior().filter(this::isOurs).orElse(null);
        if (transaction == null || superior == null) {
            lookForContradiction(part, true);
            committed(part);
            return;
        }
        superior.key = part;
        part.superior = superior;
        try {
            transaction.actUnlessFrozen(TransactionProtocol::commitBySuperior);
        } catch (KtmException e) {
            // It was told before, and says so when it has; or it cannot be told before it is restarted.
            lookForContradiction(part, true);
        }
        if (transaction.isForgotten()) {
            committed(part);
        } else if (transaction.outcome() != Outcome.COMMITTED) {
            postpone(part);
        }
    }

    private void postpone(Branch part) {
        var atHome = Objects.requireNonNull(part.atHome);
        atHome.transaction.act(protocol -> protocol.postponed(atHome));
    }

    private void committed(Branch part) {
        committing.remove(part);
        answer(part, Reply.COMMIT_COMPLETE);
    }

    /** An operator may have decided otherwise in our place: then that is known at both ends. */
    private void lookForContradiction(Branch part, boolean commit) {
        var manager = kernel.online(branch);
        var atHome = part.atHome;
        if (manager == null || atHome == null) {
            return;
        }
        try {
            if (isContradicted(manager, part, commit)) {
                new EnlistmentHandle(atHome, EnlistmentRight.ALL)
                        .reportHeuristic(
                                commit ? HeuristicDecision.ROLLBACK : HeuristicDecision.COMMIT,
                                0,
                                part.branchUnit.toString(),
                                "an operator had decided otherwise about the branch");
            }
        } catch (KtmException e) {
            System.getLogger(ManagerLink.class.getName())
                    .log(System.Logger.Level.WARNING, "what an operator had decided otherwise was not remembered", e);
        }
    }

    private static boolean isContradicted(Coordinator manager, Branch part, boolean commit) throws KtmException {
        var superior = part.superior;
        // That of another life of the transaction manager does not know what was decided in this one.
        return (superior != null && superior.transaction.coordinator() == manager)
                ? manager.inPlaceOfSuperior().contradicts(superior.transaction, commit)
                : manager.inPlaceOfSuperior().contradicts(part.branchUnit, commit);
    }

    private void rollBack(Branch part) {
        var superior = part.superior;
        if (superior == null) {
            answer(part, Reply.ROLLBACK_COMPLETE);
            return;
        }
        try {
            superior.reply(Reply.ROLLBACK);
        } catch (KtmException e) {
            // It has rolled back already, or cannot be reached: then it learns after its restart that nobody knows it.
            lookForContradiction(part, false);
            answer(part, Reply.ROLLBACK_COMPLETE);
        }
    }

    // What the branch says is the answer at home.

    private Result toldByBranch(NotificationEvent event) {
        if (event.key() instanceof Branch part) {
            var atHome = part.atHome;
            var home = atHome == null ? null : atHome.transaction.coordinator();
            if (home != null) {
                home.adopt(event.clock());
            }
            switch (event.notification()) {
                case PREPREPARE_COMPLETE -> answer(part, Reply.PREPREPARE_COMPLETE);
                case PREPARE_COMPLETE -> answer(part, Reply.PREPARE_COMPLETE);
                case COMMIT_COMPLETE -> committed(part);
                case ROLLBACK_COMPLETE -> answer(part, Reply.ROLLBACK_COMPLETE);
                case ROLLBACK -> rollBackAtHome(part);
                case REQUEST_OUTCOME -> answer(part, Reply.REQUEST_OUTCOME);
                default -> {}
            }
        }
        return Result.SUCCESS;
    }

    /** The branch was rolled back by its own: so is the whole, unless that was the reason. */
    private void rollBackAtHome(Branch part) {
        answer(part, Reply.ROLLBACK);
    }

    private void answer(Branch part, Reply reply) {
        var atHome = part.atHome;
        if (atHome == null) {
            // It is only being made: whoever makes it looks afterwards.
            return;
        }
        if (reply == Reply.COMMIT_COMPLETE || reply == Reply.ROLLBACK_COMPLETE) {
            branches.remove(atHome.transaction, part);
        }
        try {
            atHome.reply(reply);
        } catch (KtmException e) {
            System.getLogger(ManagerLink.class.getName())
                    .log(System.Logger.Level.DEBUG, "link from " + root + " to " + branch + ": " + reply, e);
        }
    }

    // After a restart of one or both.

    private boolean isOurs(CoreEnlistment superior) {
        return root.equals(otherEnd(superior));
    }

    /** Tells the branches what has become known, as far as both are recovered. */
    void resolve() throws KtmException {
        var home = kernel.online(root);
        var away = kernel.online(branch);
        if (home != null) {
            var side = sideAt(home);
            if (side != null) {
                home.recover(side);
            }
        }
        if (away != null) {
            committing.forEach(this::commit);
            if (home != null) {
                rollBackWhatIsUnknown(home, away);
            }
        }
    }

    private @Nullable CoreResourceManager sideAt(Coordinator home) {
        lock.lock();
        try {
            return rootSide != null && rootSide.coordinator == home ? rootSide : null;
        } finally {
            lock.unlock();
        }
    }

    private void rollBackWhatIsUnknown(Coordinator home, Coordinator away) {
        for (var transaction : kernel.live().all()) {
            var superior = transaction.coordinator() == away
                    ? transaction.superior().filter(this::isOurs).orElse(null)
                    : null;
            if (superior != null && isPrepared(transaction) && kernel.live(otherUnit(superior), home) == null) {
                try {
                    superior.reply(Reply.ROLLBACK);
                } catch (KtmException e) {
                    System.getLogger(ManagerLink.class.getName())
                            .log(System.Logger.Level.DEBUG, "branch " + transaction.unitOfWork() + " has ended", e);
                }
            }
        }
    }

    private static boolean isPrepared(CoreTransaction transaction) {
        var state = transaction.state();
        return state == TransactionState.PREPARED || state == TransactionState.IN_DOUBT;
    }
}
