package dev.ktm.jta;

import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.ParticipantDescription;
import dev.ktm.rm.RecoveryInformation;
import dev.ktm.rm.ResourceManager;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jboss.tm.ConnectableResource;
import org.jboss.tm.LastResource;
import org.jspecify.annotations.Nullable;

/**
 * The resource manager that stands for all XA resources: turns notifications into calls, and answers into replies.
 *
 * <p><b>Theory of operation.</b> Each branch is an enlistment, its {@link XaBranch} the key. What an answer means is in {@link
 * XaCodes}. A branch whose outcome is decided and which has not done as it was told is {@linkplain Unfinished left} to {@link
 * XaRecovery}; its client does not wait for that.
 */
final class XaResourceManager implements NotificationHandler {

    static final NotificationMask MASK = NotificationMask.of(
            Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK, Notification.SINGLE_PHASE_COMMIT);
    private static final NotificationMask ALWAYS_VOTES =
            NotificationMask.of(Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK);

    private static final int MOST_NAMES = 1000;

    private final ResourceManager handle;
    private final boolean volatileManager;
    private final XaRecovery recovery;
    private final LastResources lastResources;
    /** As the journal holds them: more than this many are not kept. */
    private final Map<String, RecoveryInformation> names = new ConcurrentHashMap<>();

    XaResourceManager(
            ResourceManager handle, boolean volatileManager, XaRecovery recovery, LastResources lastResources) {
        this.handle = handle;
        this.volatileManager = volatileManager;
        this.recovery = recovery;
        this.lastResources = lastResources;
    }

    ResourceManager handle() {
        return handle;
    }

    /** Which notifications the branch of a resource gets. */
    static NotificationMask maskOf(XAResource resource) {
        return resource instanceof XaParticipant participant && !participant.mayCommitInOnePhase()
                ? ALWAYS_VOTES
                : MASK;
    }

    @Override
    public Result handle(NotificationEvent event) throws KtmException {
        if (event.notification() == Notification.RECOVER) {
            announced(event);
            return Result.PENDING;
        }
        return handle(event.notification(), event.key(), event.clock());
    }

    @Override
    public Result handle(Notification notification, @Nullable Object key, long clock) throws KtmException {
        if (key instanceof XaBranch branch) {
            switch (notification) {
                case PREPARE -> submit(branch, XaCall.PREPARE);
                case COMMIT -> submit(branch, XaCall.COMMIT);
                case ROLLBACK -> {
                    if (branch.left || branch.cancel()) {
                        return Result.SUCCESS;
                    }
                    submit(branch, XaCall.ROLLBACK);
                }
                case SINGLE_PHASE_COMMIT -> {
                    branch.decides = branch.resource instanceof LastResource
                            && !branch.enlistment().isAlone();
                    submit(branch, XaCall.COMMIT_ONE_PHASE);
                }
                default -> {
                    return Result.SUCCESS;
                }
            }
            return Result.PENDING;
        }
        if (key instanceof Unfinished unfinished) {
            switch (notification) {
                case COMMIT -> recovery.ordered(unfinished, Unfinished.Order.COMMIT);
                case ROLLBACK -> {
                    if (unfinished.decides) {
                        return Result.SUCCESS;
                    }
                    recovery.ordered(unfinished, Unfinished.Order.ROLLBACK);
                }
                case INDOUBT -> {
                    if (unfinished.enlistment.state() == EnlistmentState.DELEGATED) {
                        recovery.remove(unfinished);
                        lastResources.add(unfinished);
                    }
                    return Result.SUCCESS;
                }
                default -> {
                    return Result.SUCCESS;
                }
            }
            return Result.PENDING;
        }
        return Result.SUCCESS;
    }

    @Override
    public Optional<ParticipantDescription> describe(@Nullable Object key, RecoveryInformation information) {
        var name = new String(information.toBytes(), StandardCharsets.UTF_8);
        XAResource resource = null;
        if (key instanceof XaBranch branch) {
            name = branch.resourceManager;
            resource = branch.resource;
        } else if (key instanceof Unfinished branch) {
            name = branch.resourceManager;
            resource = branch.resource;
        }
        return Optional.of(new ParticipantDescription(name, recovery.productOf(name, resource), Optional.empty()));
    }

    private void submit(XaBranch branch, XaCall call) {
        if (branch.calls.isDirect()) {
            conclude(
                    branch,
                    call,
                    branch.observation == null ? make(branch, call) : makeWatched(branch, call, begin(branch, call)));
        } else {
            branch.calls.submit(new BranchCall(branch, call));
        }
    }

    /** Notes who a branch is of, for the time after a restart. */
    void setName(XaBranch branch, String name) {
        branch.resourceManager = name;
        if (!volatileManager && recovery.registered().isStable(name)) {
            try {
                branch.enlistment().setRecoveryInformation(informationOf(name));
            } catch (KtmException e) {
                System.getLogger(XaResourceManager.class.getName())
                        .log(System.Logger.Level.DEBUG, "branch " + branch.xid() + " has ended already", e);
            }
        }
    }

    /** Resource managers are few, and their branches many. */
    private RecoveryInformation informationOf(String name) {
        var known = names.get(name);
        if (known == null) {
            known = new RecoveryInformation(name.getBytes(StandardCharsets.UTF_8));
            if (names.size() < MOST_NAMES) {
                names.put(name, known);
            }
        }
        return known;
    }

    /** A branch of an earlier life. */
    private void announced(NotificationEvent event) throws KtmException {
        var id = event.recovered().orElseThrow().enlistment();
        var enlistment = handle.openEnlistment(id, EnlistmentRight.ALL.toArray(EnlistmentRight[]::new));
        var name = new String(enlistment.recoveryInformation(), StandardCharsets.UTF_8);
        var unfinished = new Unfinished(new BranchXid(enlistment.transaction(), id), enlistment, name, null);
        recovery.add(unfinished);
        enlistment.recover(unfinished);
    }

    /** A call of a branch of this life that is made elsewhere, or later. */
    private final class BranchCall implements CallChain.Call {
        private final XaBranch branch;
        private final XaCall call;
        private volatile @Nullable WatchedCall watched;

        BranchCall(XaBranch branch, XaCall call) {
            this.branch = branch;
            this.call = call;
        }

        @Override
        public XaAnswer make() {
            var told = begin(branch, call);
            watched = told;
            return makeWatched(branch, call, told);
        }

        @Override
        public XaAnswer givenUp(Throwable why) {
            var answer = XaResourceManager.givenUp(branch, call, why);
            var told = watched;
            if (told != null) {
                told.givenUp(answer);
            }
            return answer;
        }

        @Override
        public void conclude(XaAnswer answer) {
            XaResourceManager.this.conclude(branch, call, answer);
        }
    }

    /** Tells whoever watches of a call that is about to be made; null for nobody. */
    private @Nullable WatchedCall begin(XaBranch branch, XaCall call) {
        var watchers = branch.observation;
        return watchers == null ? null : WatchedCall.begin(watchers, branch, recovery.label(branch), call);
    }

    private XaAnswer makeWatched(XaBranch branch, XaCall call, @Nullable WatchedCall watched) {
        if (watched == null) {
            return make(branch, call);
        }
        try {
            var answer = make(branch, call);
            watched.answered(answer);
            return answer;
        } finally {
            watched.returned();
        }
    }

    private XaAnswer make(XaBranch branch, XaCall call) {
        if (!branch.hasStarted()) {
            var early = new IllegalStateException("its commit was asked for while the branch was being started");
            return new XaAnswer(XaVerdict.REFUSED, XaCodes.NO_CODE, early);
        }
        try {
            return switch (call) {
                case PREPARE -> {
                    nameIfUnknown(branch);
                    yield prepare(branch, call);
                }
                case COMMIT -> {
                    branch.resource.commit(branch.xid(), false);
                    yield XaAnswer.returned(call, XAResource.XA_OK);
                }
                case COMMIT_ONE_PHASE -> commitOnePhase(branch, call);
                case ROLLBACK -> rollback(branch, call);
                case START, END, FORGET, RECOVER -> throw new IllegalStateException(call + " of a branch");
            };
        } catch (XAException | RuntimeException | Error e) {
            return XaAnswer.failed(call, e);
        }
    }

    private static XaAnswer prepare(XaBranch branch, XaCall call) throws XAException {
        try {
            branch.endAll(XAResource.TMSUCCESS);
        } catch (XAException | RuntimeException | Error e) {
            // It can only be rolled back, and is still to be: some resource managers keep its locks until then.
            return XaAnswer.failed(XaCall.END, e);
        }
        // First: whoever gives the call up says so before he looks whether it may be prepared.
        branch.asked = true;
        if (branch.stuck) {
            return rollBackLate(branch);
        }
        return XaAnswer.returned(call, branch.resource.prepare(branch.xid()));
    }

    /** Its resource manager may have been registered, or reached for the first time, since it was enlisted. */
    private void nameIfUnknown(XaBranch branch) {
        if (branch.resourceManager.isEmpty() && !recovery.registered().isEmpty()) {
            var name = recovery.nameOf(branch.resource);
            if (!name.isEmpty()) {
                setName(branch, name);
            }
        }
    }

    private XaAnswer commitOnePhase(XaBranch branch, XaCall call) throws XAException {
        try {
            branch.endAll(XAResource.TMSUCCESS);
        } catch (XAException | RuntimeException | Error e) {
            // It was not asked to commit, so it has not.
            return new XaAnswer(XaVerdict.REFUSED, XaCodes.codeOf(e), e);
        }
        var decisions = branch.decisions;
        if (branch.decides) {
            return decisions == null ? refuseWithoutDecisions(branch) : decide(branch, call, decisions);
        }
        if (branch.stuck) {
            return rollBackLate(branch);
        }
        if (decisions != null) {
            return commitAlone(branch, call);
        }
        branch.resource.commit(branch.xid(), true);
        return XaAnswer.returned(call, XAResource.XA_OK);
    }

    /** What others have prepared would hang on something that nobody could find out after a crash. */
    private static XaAnswer refuseWithoutDecisions(XaBranch branch) {
        var unknown = new IllegalStateException("branch " + branch.xid() + " decides, and has no table of decisions");
        return new XaAnswer(XaVerdict.REFUSED, XaCodes.NO_CODE, unknown);
    }

    /** Nothing is noted: a last resource says the same of what it refuses and of an answer that is lost. */
    private static XaAnswer commitAlone(XaBranch branch, XaCall call) {
        try {
            branch.resource.commit(branch.xid(), true);
            return XaAnswer.returned(call, XAResource.XA_OK);
        } catch (XAException | RuntimeException | Error e) {
            var answer = XaAnswer.failed(call, e);
            return answer.verdict() == XaVerdict.REFUSED ? new XaAnswer(XaVerdict.HAZARD, answer.code(), e) : answer;
        }
    }

    /** Commits for all; what is believed is what is noted. */
    private XaAnswer decide(XaBranch branch, XaCall call, Decisions decisions) {
        try {
            decisions.note((ConnectableResource) branch.resource, branch.xid().transaction());
        } catch (Exception | Error e) {
            // It was not asked to commit, so it has not.
            return new XaAnswer(XaVerdict.REFUSED, XaCodes.codeOf(e), e);
        }
        if (branch.stuck) {
            // Somebody may have asked before the note was there, and have been told that it is rolled back.
            return rollBackLate(branch);
        }
        try {
            branch.resource.commit(branch.xid(), true);
            return XaAnswer.returned(call, XAResource.XA_OK);
        } catch (XAException | RuntimeException | Error e) {
            rollBackIfOpen(branch, e);
            return lastResources.lookUp(branch, decisions, e);
        }
    }

    /** If its local transaction is still open, its own note would keep whoever asks waiting. */
    private static void rollBackIfOpen(XaBranch branch, Throwable first) {
        try {
            branch.resource.rollback(branch.xid());
        } catch (XAException | RuntimeException | Error e) {
            first.addSuppressed(e);
        }
    }

    private static XaAnswer rollBackLate(XaBranch branch) {
        var late = new IllegalStateException("its call was given up before it was asked to prepare or commit");
        try {
            branch.resource.rollback(branch.xid());
        } catch (XAException | RuntimeException | Error e) {
            late.addSuppressed(e);
        }
        return new XaAnswer(XaVerdict.REFUSED, XaCodes.NO_CODE, late);
    }

    private XaAnswer rollback(XaBranch branch, XaCall call) throws XAException {
        if (branch.finished) {
            return XaAnswer.returned(call, XAResource.XA_OK);
        }
        if (branch.stuck) {
            return new XaAnswer(XaVerdict.LOOK, XaCodes.NO_CODE, new XAException("an earlier call has not come back"));
        }
        try {
            branch.endAll(XAResource.TMFAIL);
        } catch (XAException | RuntimeException | Error e) {
            // Said or not: what counts is the rollback.
            System.getLogger(XaResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, "end before the rollback of " + branch.xid(), e);
        }
        branch.resource.rollback(branch.xid());
        return XaAnswer.returned(call, XAResource.XA_OK);
    }

    private static XaAnswer givenUp(XaBranch branch, XaCall call, Throwable why) {
        branch.stuck = true;
        return XaAnswer.failed(call, why);
    }

    private void conclude(XaBranch branch, XaCall call, XaAnswer answer) {
        try {
            var enlistment = branch.enlistment();
            switch (call) {
                case PREPARE -> prepared(branch, call, enlistment, answer);
                case COMMIT -> committed(branch, enlistment, answer);
                case COMMIT_ONE_PHASE -> {
                    if (branch.decides) {
                        decided(branch, call, enlistment, answer);
                    } else {
                        committedOnePhase(branch, call, enlistment, answer);
                    }
                }
                case ROLLBACK -> rolledBack(branch, enlistment, answer);
                case START, END, FORGET, RECOVER -> {}
            }
        } catch (KtmException e) {
            if (e.error() == KtmError.TRANSACTIONMANAGER_NOT_ONLINE) {
                // What it did on its own cannot be written down, in a log that is full or broken: it is asked again.
                postpone(branch, call, answer);
            }
            // Otherwise the transaction has gone another way meanwhile, and tells the branch so.
            System.getLogger(XaResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, call + " of " + branch.xid() + " came too late", e);
        }
    }

    private void postpone(XaBranch branch, XaCall call, XaAnswer answer) {
        try {
            if (call == XaCall.COMMIT_ONE_PHASE) {
                branch.enlistment().close();
            } else {
                recovery.leave(
                        branch, call == XaCall.COMMIT ? Unfinished.Order.COMMIT : Unfinished.Order.ROLLBACK, answer);
            }
        } catch (KtmException e) {
            System.getLogger(XaResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, branch.xid() + " cannot be postponed", e);
        }
    }

    private void prepared(XaBranch branch, XaCall call, Enlistment enlistment, XaAnswer answer) throws KtmException {
        switch (answer.verdict()) {
            case DONE -> enlistment.prepareComplete();
            case READ_ONLY -> {
                branch.finished = true;
                enlistment.readOnly();
            }
            case ROLLED_BACK -> {
                branch.finished = true;
                refuse(branch, call, enlistment, answer);
            }
            case REFUSED,
                    CONTRADICTS,
                    AGAIN,
                    LOOK,
                    HAZARD,
                    HEURISTIC_COMMIT,
                    HEURISTIC_ROLLBACK,
                    HEURISTIC_MIXED,
                    HEURISTIC_HAZARD -> refuse(branch, call, enlistment, answer);
        }
    }

    private void refuse(XaBranch branch, XaCall call, Enlistment enlistment, XaAnswer answer) throws KtmException {
        enlistment.rollback(new BranchRefusedException(recovery.label(branch), branch.xid(), call, answer));
    }

    private void committed(XaBranch branch, Enlistment enlistment, XaAnswer answer) throws KtmException {
        switch (answer.verdict()) {
            case DONE, READ_ONLY -> enlistment.commitComplete();
            case HEURISTIC_COMMIT -> {
                forget(branch);
                enlistment.commitComplete();
            }
            case HEURISTIC_ROLLBACK -> {
                damaged(branch, enlistment, HeuristicDecision.ROLLBACK, answer);
                enlistment.commitComplete();
            }
            case HEURISTIC_MIXED -> {
                damaged(branch, enlistment, HeuristicDecision.MIXED, answer);
                enlistment.commitComplete();
            }
            case HEURISTIC_HAZARD, HAZARD -> {
                damaged(branch, enlistment, HeuristicDecision.HAZARD, answer);
                enlistment.commitComplete();
            }
            case CONTRADICTS, AGAIN, LOOK, REFUSED, ROLLED_BACK ->
                recovery.leave(branch, Unfinished.Order.COMMIT, answer);
        }
    }

    private void committedOnePhase(XaBranch branch, XaCall call, Enlistment enlistment, XaAnswer answer)
            throws KtmException {
        switch (answer.verdict()) {
            case DONE, READ_ONLY -> enlistment.commitComplete();
            case HEURISTIC_COMMIT -> {
                forget(branch);
                enlistment.commitComplete();
            }
            case ROLLED_BACK -> {
                branch.finished = true;
                refuse(branch, call, enlistment, answer);
            }
            case HEURISTIC_ROLLBACK -> {
                forget(branch);
                branch.finished = true;
                refuse(branch, call, enlistment, answer);
            }
            case REFUSED, CONTRADICTS, AGAIN, LOOK -> refuse(branch, call, enlistment, answer);
            case HEURISTIC_MIXED -> {
                damaged(branch, enlistment, HeuristicDecision.MIXED, answer);
                enlistment.close();
            }
            case HEURISTIC_HAZARD -> {
                damaged(branch, enlistment, HeuristicDecision.HAZARD, answer);
                enlistment.close();
            }
            case HAZARD -> {
                report(branch, enlistment, HeuristicDecision.HAZARD, answer);
                enlistment.close();
                if (branch.decisions == null) {
                    recovery.leaveToRelease(branch);
                }
            }
        }
    }

    private void decided(XaBranch branch, XaCall call, Enlistment enlistment, XaAnswer answer) throws KtmException {
        switch (answer.verdict()) {
            case DONE -> enlistment.commitComplete();
            case REFUSED, ROLLED_BACK -> refuse(branch, call, enlistment, answer);
            case READ_ONLY,
                    CONTRADICTS,
                    AGAIN,
                    LOOK,
                    HAZARD,
                    HEURISTIC_COMMIT,
                    HEURISTIC_ROLLBACK,
                    HEURISTIC_MIXED,
                    HEURISTIC_HAZARD -> lastResources.leave(branch, answer);
        }
    }

    private void rolledBack(XaBranch branch, Enlistment enlistment, XaAnswer answer) throws KtmException {
        if (branch.decisions != null) {
            // Nothing of it is prepared: what is not committed goes with its connection.
            enlistment.rollbackComplete();
            return;
        }
        switch (answer.verdict()) {
            case DONE, READ_ONLY, ROLLED_BACK -> enlistment.rollbackComplete();
            case HEURISTIC_ROLLBACK -> {
                forget(branch);
                enlistment.rollbackComplete();
            }
            case HEURISTIC_COMMIT -> {
                damaged(branch, enlistment, HeuristicDecision.COMMIT, answer);
                enlistment.rollbackComplete();
            }
            case HEURISTIC_MIXED -> {
                damaged(branch, enlistment, HeuristicDecision.MIXED, answer);
                enlistment.rollbackComplete();
            }
            case HEURISTIC_HAZARD, HAZARD -> {
                damaged(branch, enlistment, HeuristicDecision.HAZARD, answer);
                enlistment.rollbackComplete();
            }
            case CONTRADICTS, AGAIN, LOOK, REFUSED -> {
                if (branch.asked) {
                    recovery.leave(branch, Unfinished.Order.ROLLBACK, answer);
                } else {
                    // Never asked to prepare: it cannot commit. But it may hold locks, where it outlives its
                    // connection.
                    enlistment.rollbackComplete();
                    recovery.leaveToRelease(branch);
                }
            }
        }
    }

    private void report(XaBranch branch, Enlistment enlistment, HeuristicDecision decision, XaAnswer answer)
            throws KtmException {
        enlistment.reportHeuristic(decision, answer.code(), recovery.label(branch) + " " + branch.xid(), answer.text());
    }

    /** Only when it is known for ever may the resource manager forget it. */
    private void damaged(XaBranch branch, Enlistment enlistment, HeuristicDecision decision, XaAnswer answer)
            throws KtmException {
        report(branch, enlistment, decision, answer);
        forget(branch);
    }

    private void forget(XaBranch branch) {
        if (!branch.calls.attempt(() -> forgetNow(branch))) {
            branch.stuck = true;
            recovery.leaveToForget(branch);
        }
    }

    private void forgetNow(XaBranch branch) {
        try {
            branch.resource.forget(branch.xid());
        } catch (XAException | RuntimeException | Error e) {
            if (XaCodes.failed(XaCall.FORGET, XaCodes.codeOf(e)) != XaVerdict.DONE) {
                recovery.leaveToForget(branch);
            }
        }
    }
}
