package dev.ktm.proof;

import dev.ktm.proof.Attempt.ByOperator;
import dev.ktm.rm.Damage;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.ManagerHandle;
import dev.ktm.tm.TransactionInspection;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * An operator who looks at what is there at random moments, and does what comes to mind: decides in place of a last resource, rolls back what
 * is under way, or asks for what must be refused.
 */
final class Operator {

    private static final String WHO = "operator";
    private static final String WHY = "proof";
    private static final int LONGEST_PAUSE_MILLIS = 150;
    private static final int KINDS = 6;

    private final ManagerHandle manager;
    private final Ledger.Writer ledger;
    private final PlantedBug bug;
    private final Random random;

    Operator(Workplace place, Ledger.Writer ledger, Assignment assignment) {
        this.manager = place.ktm.manager();
        this.ledger = ledger;
        this.bug = assignment.bug();
        this.random = new Random(assignment.plan().seed());
    }

    /** Does it until the process ends. */
    void work() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(random.nextInt(LONGEST_PAUSE_MILLIS)));
                try {
                    act();
                } catch (KtmException e) {
                    // It is too late, or the log has failed: nothing was done, and the coordinator says so.
                } catch (RuntimeException | Error e) {
                    ledger.wrong("an operator is told " + e);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("the ledger cannot be written", e);
        }
    }

    private void act() throws KtmException, IOException {
        // Nobody waits for long: the coordinator asks again at once.
        decide();
        var all = manager.inspect();
        if (all.isEmpty()) {
            return;
        }
        var seen = all.get(random.nextInt(all.size()));
        switch (random.nextInt(KINDS)) {
            case 0 -> mustBeRefused("resolve commit", seen, () -> manager.resolveCommit(seen.unitOfWork(), WHO, WHY));
            case 1 -> mustBeRefused("force rollback", seen, () -> manager.forceRollback(seen.unitOfWork(), WHO, WHY));
            case 2 ->
                mustBeRefused(
                        "complete what is not there",
                        seen,
                        () -> manager.complete(seen.unitOfWork(), UUID.randomUUID(), WHO, WHY));
            default -> rollBack(seen);
        }
    }

    private void rollBack(TransactionInspection seen) throws KtmException, IOException {
        if (seen.state() == TransactionState.ACTIVE) {
            if (bug != PlantedBug.IGNORES_THE_OPERATOR) {
                manager.rollback(seen.unitOfWork(), WHO, WHY);
            }
            ledger.done(seen.unitOfWork(), ByOperator.ROLL_BACK);
        }
    }

    private interface Request {
        void send() throws KtmException;
    }

    /** Nobody here has a superior. */
    private void mustBeRefused(String what, TransactionInspection seen, Request request) throws IOException {
        try {
            request.send();
            ledger.wrong("an operator may " + what + ": " + seen.unitOfWork() + ", " + seen.state());
        } catch (KtmException e) {
            if (e.error() != KtmError.TRANSACTION_NOT_FOUND && e.error() != KtmError.TRANSACTIONMANAGER_NOT_ONLINE) {
                ledger.refusedToOperator(seen.unitOfWork());
            }
        }
    }

    /** Knows no better: the last resource of these cannot be asked. */
    void decide() throws KtmException, IOException {
        for (var waiting : manager.waitingForLast()) {
            decide(waiting.unitOfWork(), random.nextBoolean() ? ByOperator.COMMIT : ByOperator.ROLL_BACK);
        }
        for (var damaged : manager.damaged()) {
            // Any other damage is nothing that anybody has allowed.
            if (otherThanOfLast(damaged).isEmpty()) {
                manager.forget(damaged.transaction(), WHO, WHY);
            }
        }
    }

    private void decide(UUID unitOfWork, ByOperator what) throws IOException {
        ledger.asks(unitOfWork, what);
        try {
            if (what == ByOperator.COMMIT) {
                manager.commitInPlaceOfLast(unitOfWork, WHO, WHY);
            } else {
                manager.rollBackInPlaceOfLast(unitOfWork, WHO, WHY);
            }
            ledger.done(unitOfWork, what);
        } catch (KtmException e) {
            // It has answered meanwhile, and that counts; or nobody knows what could be written.
            if (e.error() != KtmError.TRANSACTIONMANAGER_NOT_ONLINE) {
                ledger.inVain(unitOfWork);
            }
        }
    }

    /** What of it is not of a last resource in whose place an operator has decided. */
    List<Damage> otherThanOfLast(ManagerHandle.Damaged damaged) throws KtmException {
        var decidedFor = manager.operatorActs().stream()
                .filter(act -> act.unitOfWork().equals(damaged.unitOfWork()))
                .filter(act -> act.kind() == OperatorAct.Kind.COMMIT || act.kind() == OperatorAct.Kind.ROLL_BACK)
                .flatMap(act -> act.enlistment().stream())
                .collect(Collectors.toSet());
        return damaged.damage().stream()
                .filter(each -> !decidedFor.contains(each.enlistment()))
                .toList();
    }
}
