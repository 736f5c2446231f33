package dev.ktm.simulation;

import dev.ktm.journal.TransactionRecord;
import dev.ktm.jta.JtaCoordinator;
import dev.ktm.jta.ManualCoordinator;
import dev.ktm.jta.SimulatedDecisions;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.SimulatedJournal;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.ManagerHandle;
import dev.ktm.tm.ManualManagers;
import jakarta.resource.spi.XATerminator;
import jakarta.transaction.HeuristicMixedException;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jboss.tm.ConnectableResource;
import org.jspecify.annotations.Nullable;

/** A coordinator in one of its lives, and its participants. Notes every step, and checks what must hold at every moment. */
final class World implements SimulatedJournal.Watcher {

    /** What the client was told. */
    enum Told {
        NOTHING,
        COMMITTED,
        ROLLED_BACK,
        /** That it is not as it should be, or not known. */
        DOUBT
    }

    /** What the superior has decided, if there is one; it never forgets. */
    enum Superior {
        /** There is none. */
        NONE,
        UNDECIDED,
        COMMITS,
        ROLLS_BACK
    }

    /** All that survives a crash at one moment. */
    record Snapshot(String step, SimulatedJournal.Disk disk, List<Part> parts, Told told, Superior superior) {}

    private static final long LONGER_THAN_ANY_TIMEOUT = TimeUnit.HOURS.toNanos(1);

    private static final Xid FOREIGN = new Xid() {
        @Override
        public int getFormatId() {
            return 99;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {1, 2, 3};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {4};
        }
    };

    private static final NotificationMask NATIVE_MASK =
            NotificationMask.of(Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK);
    private static final NotificationMask DELEGATING_MASK = NotificationMask.of(
            Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK, Notification.SINGLE_PHASE_COMMIT);

    private final List<Part> parts;
    private final SimulatedJournal journal;
    private final boolean watching;
    /** Whether a crash was before this. */
    private final boolean later;

    private final ManualManagers managers = new ManualManagers(report -> {});
    private final ManagerHandle manager;
    private final JtaCoordinator jta;
    final List<Snapshot> snapshots = new ArrayList<>();
    final List<String> violations = new ArrayList<>();
    private final List<@Nullable Enlistment> enlistments = new ArrayList<>();
    private final List<ResourceManager> natives = new ArrayList<>();
    private Told told;
    private Superior superior;
    private boolean registered;
    private int stepsUntilScan;
    private int stepsUntilTimeout;

    /** A life that begins with these. */
    World(List<Part> parts, SimulatedJournal.Disk disk, Told told, Superior superior, boolean watching)
            throws KtmException {
        this.parts = parts;
        this.told = told;
        this.superior = superior;
        this.watching = watching;
        this.later = disk.incarnation() > 0;
        this.journal = new SimulatedJournal(disk, this);
        this.manager = managers.recover(journal);
        this.jta = ManualCoordinator.over(manager);
        for (int i = 0; i < parts.size(); i++) {
            enlistments.add(null);
            var part = parts.get(i);
            if (part.kind == Kind.XA || part.kind == Kind.LAST) {
                continue;
            }
            var durability =
                    part.kind == Kind.VOLATILE ? ManagerHandle.Durability.VOLATILE : ManagerHandle.Durability.DURABLE;
            var handle = manager.createResourceManager(new UUID(7, i), "part " + i, durability);
            natives.add(handle);
            handle.setHandler(new NativeManager(handle, i));
        }
    }

    private Part part(int index) {
        return parts.get(index);
    }

    SimulatedJournal journal() {
        return journal;
    }

    List<Part> parts() {
        return parts;
    }

    Told told() {
        return told;
    }

    // Steps and what must hold at each.

    @Override
    public void step(String what) {
        if (watching) {
            snapshots.add(snapshot(what));
        }
        if (--stepsUntilTimeout == 0) {
            managers.pass(LONGER_THAN_ANY_TIMEOUT);
        }
        if (--stepsUntilScan == 0) {
            if (isOverruledOneEnding()) {
                stepsUntilScan = 1;
            } else {
                jta.recoverNow();
            }
        }
    }

    /** What is compared then waits until the end is written; whoever waits must be another thread, and here there is one. */
    private boolean isOverruledOneEnding() {
        try {
            return parts.stream().anyMatch(part -> part.overruled)
                    && manager.live().stream().anyMatch(each -> each.state() == TransactionState.FORGOTTEN);
        } catch (KtmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Has somebody ask for branches when so many steps have been made. */
    void scanAfter(int steps) {
        stepsUntilScan = steps;
    }

    /** Has the time of the transaction be over when so many steps have been made. */
    void expireAfter(int steps) {
        stepsUntilTimeout = steps;
    }

    Snapshot snapshot(String what) {
        return new Snapshot(what, journal.disk(), parts.stream().map(Part::copy).toList(), told, superior);
    }

    @Override
    public void ended(TransactionId id) {
        // Who waits presumes it.
        boolean rolledBackByLast = !journal.isCommitted(id)
                && parts.stream()
                        .anyMatch(part -> part.kind == Kind.LAST
                                && (part.noted == null ? part.faultUsed : !part.notedCommitted)
                                && part.durable != Part.Durable.COMMITTED);
        for (var part : parts) {
            // I-5: nobody who waits for the outcome is forgotten.
            if (part.durable == Part.Durable.PREPARED && !rolledBackByLast) {
                violations.add("I-5: the decision is dropped, and this participant waits: " + part);
            }
        }
    }

    /** I-1: everybody has voted, and the decision is durable. */
    private void toldToCommit(int index) {
        requireVotes(index);
        var last = parts.stream().filter(part -> part.kind == Kind.LAST).findAny();
        if (last.isPresent()) {
            boolean overruled =
                    last.get().overruled && journal.live().stream().anyMatch(each -> journal.isCommitted(each.id()));
            if (last.get().durable != Part.Durable.COMMITTED && !overruled) {
                violations.add("I-1: told to commit: " + part(index) + ", and the last one has not: " + last.get());
            }
            return;
        }
        boolean decided = superior == Superior.NONE || superior == Superior.COMMITS;
        if (!decided || journal.live().stream().noneMatch(each -> journal.isCommitted(each.id()))) {
            violations.add("I-1: told to commit: " + part(index) + ", and no decision is durable");
        }
    }

    private void requireVotes(int index) {
        for (var part : parts) {
            if (part.counts() && part.kind != Kind.VOLATILE && part.kind != Kind.LAST && !part.voted) {
                violations.add("I-1: told to commit: " + part(index) + ", without the vote of: " + part);
            }
        }
    }

    /** I-1: everybody has voted, and it is durable who decides. */
    private void toldToDecide(int index) {
        requireVotes(index);
        boolean known = journal.disk().forced().values().stream()
                .anyMatch(record -> record.status() == TransactionRecord.Status.DELEGATED);
        boolean matters =
                parts.stream().anyMatch(part -> part.kind != Kind.VOLATILE && part.kind != Kind.LAST && part.counts());
        if (matters && !known) {
            violations.add("I-1: told to decide, and nobody would know after a crash: " + part(index));
        }
    }

    /** I-8: space for the decision is there. */
    private void toldToPrepare(int index) {
        if (journal.reserved() == 0 && parts.stream().anyMatch(part -> part.kind != Kind.VOLATILE)) {
            violations.add("I-8: told to prepare without space for the decision: " + part(index));
        }
    }

    // One transaction.

    /** Commits a transaction in which all take part. */
    void commit() throws Exception {
        registerAll();
        jta.recoverNow();
        var client = jta.transactionManager();
        client.begin();
        var transaction = client.getTransaction();
        var unit = ((KtmTransaction) transaction).unitOfWork();
        int nextNative = 0;
        for (int i = 0; i < parts.size(); i++) {
            if (part(i).kind == Kind.XA) {
                transaction.enlistResource(new Resource(i));
            } else if (part(i).kind == Kind.LAST) {
                transaction.enlistResource(JtaCoordinator.named("part " + i, new LastResource(i)));
            } else {
                // One that can decide alone is told so.
                var mask = part(i).kind == Kind.NATIVE && parts.size() == 1 ? DELEGATING_MASK : NATIVE_MASK;
                enlistments.set(i, natives.get(nextNative++).enlist(unit, mask, i));
            }
        }
        try {
            client.commit();
            told = Told.COMMITTED;
        } catch (RollbackException e) {
            told = Told.ROLLED_BACK;
        } catch (HeuristicMixedException | HeuristicRollbackException | SystemException e) {
            told = Told.DOUBT;
        }
        step("told");
        operatorDecides();
    }

    /** An operator decides in place of a last one that cannot be asked any more. Then it comes back. */
    private void operatorDecides() throws KtmException {
        for (var part : parts) {
            for (var transaction : part.isToBeOverruled(later) ? manager.waitingForLast() : List.<KtmTransaction>of()) {
                part.overruled = true;
                try {
                    if (part.behaviour == Behaviour.OVERRULED_BY_A_COMMIT
                            || part.behaviour == Behaviour.LOST_AFTER_A_REFUSAL) {
                        manager.commitInPlaceOfLast(transaction.unitOfWork(), "jane", "gone");
                        part.overruledTo = Part.Durable.COMMITTED;
                    } else {
                        manager.rollBackInPlaceOfLast(transaction.unitOfWork(), "jane", "gone");
                        part.overruledTo = Part.Durable.ROLLED_BACK;
                    }
                } catch (KtmException e) {
                    step("the operator is told no");
                }
            }
        }
    }

    /** Whoever was decided for by an operator has decided otherwise, and that is known. */
    private void noteOverruled() {
        boolean known =
                remembered().stream().anyMatch(record -> !record.damage().isEmpty());
        for (var part : parts) {
            part.byHand |= part.overruled && known;
        }
    }

    /** Another transaction manager decides a transaction in which all take part. */
    void commitForSuperior() throws Exception {
        registerAll();
        jta.recoverNow();
        superior = Superior.UNDECIDED;
        var terminator = jta.xaTerminator();
        var transaction = terminator.importTransaction(FOREIGN, 0).getTransaction();
        var unit = ((KtmTransaction) transaction).unitOfWork();
        int nextNative = 0;
        for (int i = 0; i < parts.size(); i++) {
            if (part(i).kind == Kind.XA) {
                transaction.enlistResource(new Resource(i));
            } else {
                enlistments.set(i, natives.get(nextNative++).enlist(unit, NATIVE_MASK, i));
            }
        }
        var xa = (XATerminator) terminator;
        try {
            boolean readOnly = xa.prepare(FOREIGN) == XAResource.XA_RDONLY;
            superior = Superior.COMMITS;
            step("superior commits");
            if (!readOnly) {
                xa.commit(FOREIGN, false);
            }
            told = Told.COMMITTED;
        } catch (XAException e) {
            if (superior == Superior.UNDECIDED) {
                superior = Superior.ROLLS_BACK;
                step("superior rolls back");
            }
        }
    }

    /** The superior tells what it has decided to whoever is still prepared. */
    private void superiorDecides() {
        if (superior == Superior.NONE) {
            return;
        }
        if (superior == Superior.UNDECIDED) {
            superior = Superior.ROLLS_BACK;
        }
        var xa = (XATerminator) jta.xaTerminator();
        try {
            for (var xid : xa.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN)) {
                if (superior == Superior.COMMITS) {
                    xa.commit(xid, false);
                } else {
                    xa.rollback(xid);
                }
            }
        } catch (XAException e) {
            if (e.errorCode != XAException.XA_HEURMIX && e.errorCode != XAException.XAER_RMFAIL) {
                violations.add("the superior is told " + e.errorCode + ": " + e.getMessage());
            }
        }
    }

    Superior superior() {
        return superior;
    }

    /** Has everything finished that can be. */
    void recover() throws KtmException {
        for (var each : natives) {
            each.recover();
        }
        registerAll();
        superiorDecides();
        for (int round = 0; round < 3; round++) {
            jta.recoverNow();
        }
        operatorDecides();
        for (int i = 0; i < parts.size(); i++) {
            retry(i);
        }
        // Who has failed once recovers again.
        for (var each : natives) {
            each.recover();
        }
        for (int round = 0; round < 2; round++) {
            jta.recoverNow();
        }
        noteOverruled();
    }

    private void registerAll() {
        if (!registered) {
            registered = true;
            for (int i = 0; i < parts.size(); i++) {
                int index = i;
                if (part(i).kind == Kind.XA) {
                    jta.register("part " + i, () -> new Resource(index));
                } else if (part(i).kind == Kind.LAST) {
                    SimulatedDecisions.register(jta, "part " + i, new PartDecisions(index));
                }
            }
        }
    }

    /** A native resource manager that could not act comes back. */
    private void retry(int index) throws KtmException {
        var enlistment = enlistments.get(index);
        if (enlistment != null && part(index).kind == Kind.NATIVE) {
            switch (enlistment.state()) {
                case COMMITTED_NOTIFY -> {
                    part(index).durable = Part.Durable.COMMITTED;
                    enlistment.commitComplete();
                }
                case ABORTING -> {
                    part(index).durable = Part.Durable.ROLLED_BACK;
                    enlistment.rollbackComplete();
                }
                default -> {}
            }
        }
    }

    /** The transactions that the journal has not forgotten. */
    List<TransactionRecord> remembered() {
        return List.copyOf(journal.live());
    }

    // XA.

    private class Resource implements XAResource {
        final int index;

        Resource(int index) {
            this.index = index;
        }

        final Part self() {
            return part(index);
        }

        final void fail(boolean strikes, int code) throws XAException {
            if (strikes) {
                throw new XAException(code);
            }
        }

        @Override
        public void start(Xid xid, int flags) {
            self().xid = xid;
        }

        @Override
        public void end(Xid xid, int flags) throws XAException {
            fail(flags == TMSUCCESS && self().strikes(Behaviour.END_FAILS), XAException.XAER_RMERR);
        }

        @Override
        public int prepare(Xid xid) throws XAException {
            toldToPrepare(index);
            step("before prepare " + index);
            if (self().strikes(Behaviour.READ_ONLY)) {
                self().readOnly = true;
                return XA_RDONLY;
            }
            fail(self().strikes(Behaviour.REFUSES), XAException.XA_RBROLLBACK);
            fail(self().strikes(Behaviour.REFUSES_AND_KEEPS), XAException.XAER_RMERR);
            self().durable = Part.Durable.PREPARED;
            self().voted = true;
            step("prepared " + index);
            fail(self().strikes(Behaviour.VOTE_IS_LOST), XAException.XAER_RMFAIL);
            return XA_OK;
        }

        @Override
        public void commit(Xid xid, boolean onePhase) throws XAException {
            step("before commit " + index);
            if (onePhase) {
                commitOnePhase();
                return;
            }
            toldToCommit(index);
            fail(self().durable != Part.Durable.PREPARED && !self().heuristic, XAException.XAER_NOTA);
            if (self().strikes(Behaviour.ROLLED_BACK_BY_HAND)) {
                self().heuristic = true;
                self().byHand = true;
                self().durable = Part.Durable.ROLLED_BACK;
            }
            if (self().strikes(Behaviour.COMMITTED_BY_HAND)) {
                self().heuristic = true;
                self().durable = Part.Durable.COMMITTED;
            }
            mixIfByHand();
            failIfByHand();
            fail(self().strikes(Behaviour.COMMIT_FAILS), XAException.XAER_RMFAIL);
            fail(self().strikes(Behaviour.COMMIT_LIES), XAException.XAER_NOTA);
            self().durable = Part.Durable.COMMITTED;
            step("committed " + index);
            fail(self().strikes(Behaviour.COMMIT_IS_LOST), XAException.XAER_RMFAIL);
        }

        private void commitOnePhase() throws XAException {
            fail(self().strikes(Behaviour.REFUSES), XAException.XA_RBROLLBACK);
            fail(self().strikes(Behaviour.REFUSES_AND_KEEPS), XAException.XAER_RMERR);
            fail(self().strikes(Behaviour.COMMIT_FAILS), XAException.XAER_RMFAIL);
            self().durable = Part.Durable.COMMITTED;
            step("committed alone " + index);
            fail(self().strikes(Behaviour.COMMIT_IS_LOST), XAException.XAER_RMFAIL);
        }

        private void mixIfByHand() {
            if (self().durable == Part.Durable.PREPARED
                    && (self().strikes(Behaviour.MIXED_BY_HAND) || self().strikes(Behaviour.HAZARD))) {
                self().heuristic = true;
                self().byHand = true;
                self().durable = Part.Durable.ROLLED_BACK;
            }
        }

        private void failIfByHand() throws XAException {
            if (self().heuristic) {
                throw new XAException(
                        switch (self().behaviour) {
                            case MIXED_BY_HAND -> XAException.XA_HEURMIX;
                            case HAZARD -> XAException.XA_HEURHAZ;
                            default ->
                                self().durable == Part.Durable.COMMITTED
                                        ? XAException.XA_HEURCOM
                                        : XAException.XA_HEURRB;
                        });
            }
        }

        @Override
        public void rollback(Xid xid) throws XAException {
            step("before rollback " + index);
            if (self().durable == Part.Durable.PREPARED && self().strikes(Behaviour.COMMITTED_BY_HAND)) {
                self().heuristic = true;
                self().byHand = true;
                self().durable = Part.Durable.COMMITTED;
            }
            if (self().durable == Part.Durable.PREPARED && self().strikes(Behaviour.ROLLED_BACK_BY_HAND)) {
                self().heuristic = true;
                self().durable = Part.Durable.ROLLED_BACK;
            }
            mixIfByHand();
            failIfByHand();
            fail(self().durable == Part.Durable.COMMITTED, XAException.XAER_NOTA);
            fail(self().strikes(Behaviour.ROLLBACK_FAILS), XAException.XAER_RMFAIL);
            self().durable = Part.Durable.ROLLED_BACK;
            step("rolled back " + index);
        }

        @Override
        public void forget(Xid xid) {
            step("before forget " + index);
            if (self().byHand
                    && journal.disk().forced().values().stream()
                            .allMatch(each -> each.damage().isEmpty())) {
                violations.add("a heuristic decision is forgotten before it is known for ever: " + self());
            }
            self().heuristic = false;
        }

        @Override
        public Xid[] recover(int flags) {
            var xid = self().xid;
            return xid != null && (self().durable == Part.Durable.PREPARED || self().heuristic)
                    ? new Xid[] {xid}
                    : new Xid[0];
        }

        @Override
        public boolean isSameRM(XAResource other) {
            return other instanceof Resource resource && resource.index == index;
        }

        @Override
        public int getTransactionTimeout() {
            return 0;
        }

        @Override
        public boolean setTransactionTimeout(int seconds) {
            return false;
        }
    }

    /** One that cannot prepare. What it has done is lost with its connection unless it is committed. */
    private final class LastResource extends Resource implements SimulatedDecisions.Resource {

        LastResource(int index) {
            super(index);
        }

        /** What it has noted in its local transaction. */
        private @Nullable TransactionId pending;

        @Override
        public int prepare(Xid xid) {
            violations.add("a last resource is asked to prepare: " + self());
            return XA_OK;
        }

        @Override
        public void commit(Xid xid, boolean onePhase) throws XAException {
            step("before commit " + index);
            var noted = pending;
            if (noted != null) {
                toldToDecide(index);
            }
            boolean refuses = self().behaviour == Behaviour.LOST_AFTER_A_REFUSAL || self().strikes(Behaviour.REFUSES);
            fail(refuses, XAException.XA_RBROLLBACK);
            self().underWay = noted != null && self().behaviour == Behaviour.COMMITS_LATE;
            boolean silent = self().behaviour == Behaviour.OVERRULED_BY_A_COMMIT
                    || (self().behaviour == Behaviour.COMMIT_FAILS_IN_SILENCE && !self().faultUsed);
            fail(silent || self().underWay || self().strikes(Behaviour.COMMIT_FAILS), XAException.XAER_RMFAIL);
            if (noted != null) {
                self().noted = noted;
                self().notedCommitted = true;
            }
            self().durable = Part.Durable.COMMITTED;
            step("committed last " + index);
            boolean lost = self().behaviour == Behaviour.OVERRULED_BY_A_ROLLBACK
                    || (self().behaviour == Behaviour.COMMIT_IS_LOST_IN_SILENCE && !self().faultUsed);
            fail(lost || self().strikes(Behaviour.COMMIT_IS_LOST), XAException.XAER_RMFAIL);
        }

        @Override
        public void rollback(Xid xid) throws XAException {
            step("before rollback " + index);
            fail(self().strikes(Behaviour.ROLLBACK_FAILS), XAException.XAER_RMFAIL);
            self().underWay = false;
            if (self().durable == Part.Durable.NOTHING) {
                self().durable = Part.Durable.ROLLED_BACK;
            }
        }
    }

    /** The table of a last resource. */
    private final class PartDecisions implements SimulatedDecisions {
        private final int index;

        PartDecisions(int index) {
            this.index = index;
        }

        private Part self() {
            return part(index);
        }

        @Override
        public void note(ConnectableResource resource, TransactionId transaction) throws SQLException {
            step("before note " + index);
            if (self().strikes(Behaviour.NOTE_FAILS)) {
                throw new SQLException("simulated");
            }
            ((LastResource) resource).pending = transaction;
        }

        @Override
        public boolean isCommitted(TransactionId transaction) throws SQLException {
            step("before look " + index);
            if ((self().isToBeOverruled(later) && !self().overruled)
                    || self().strikes(Behaviour.COMMIT_FAILS_IN_SILENCE)
                    || self().strikes(Behaviour.COMMIT_IS_LOST_IN_SILENCE)) {
                throw new SQLException("simulated");
            }
            if (self().underWay && self().noted == null) {
                self().underWay = false;
                self().noted = transaction;
                self().notedCommitted = true;
                self().durable = Part.Durable.COMMITTED;
                step("committed late " + index);
                throw new SQLException("simulated");
            }
            if (self().noted == null) {
                self().noted = transaction;
                self().notedCommitted = false;
                step("noted as rolled back " + index);
            }
            return self().notedCommitted;
        }

        @Override
        public List<TransactionId> noted(UUID manager) {
            var noted = self().noted;
            return noted == null ? List.of() : List.of(noted);
        }

        @Override
        public void forget(Collection<TransactionId> transactions) {
            for (var transaction : transactions) {
                var record = journal.disk().forced().get(transaction);
                if (record != null && record.status() == TransactionRecord.Status.DELEGATED) {
                    violations.add("I-5: a note is dropped that would be looked for after a crash: " + self());
                }
            }
            self().noted = null;
            step("note forgotten " + index);
        }
    }

    // KTM.

    private final class NativeManager implements NotificationHandler {
        private final ResourceManager handle;
        private final int index;

        NativeManager(ResourceManager handle, int index) {
            this.handle = handle;
            this.index = index;
        }

        private Part self() {
            return part(index);
        }

        private boolean isDurable() {
            return self().kind == Kind.NATIVE;
        }

        private Enlistment enlistment() {
            var enlistment = enlistments.get(index);
            if (enlistment == null) {
                throw new IllegalStateException("not enlisted");
            }
            return enlistment;
        }

        @Override
        public Result handle(NotificationEvent event) throws KtmException {
            switch (event.notification()) {
                case PREPARE -> {
                    return prepare();
                }
                case SINGLE_PHASE_COMMIT -> {
                    return commitAlone();
                }
                case COMMIT -> {
                    return commit();
                }
                case ROLLBACK -> {
                    return rollback();
                }
                case RECOVER -> {
                    var id = event.recovered().orElseThrow().enlistment();
                    var found = handle.openEnlistment(id, EnlistmentRight.ALL.toArray(EnlistmentRight[]::new));
                    enlistments.set(index, found);
                    found.recover(index);
                    return Result.PENDING;
                }
                case LAST_RECOVER -> {
                    // What was not mentioned was never decided.
                    if (self().durable == Part.Durable.PREPARED && enlistments.get(index) == null) {
                        self().durable = Part.Durable.ROLLED_BACK;
                        step("presumed abort " + index);
                    }
                    return Result.SUCCESS;
                }
                default -> {
                    return Result.SUCCESS;
                }
            }
        }

        private Result prepare() throws KtmException {
            if (isDurable()) {
                toldToPrepare(index);
            }
            step("before prepare " + index);
            if (self().strikes(Behaviour.READ_ONLY)) {
                self().readOnly = true;
                enlistment().readOnly();
                return Result.PENDING;
            }
            if (self().strikes(Behaviour.REFUSES)) {
                enlistment().rollback();
                return Result.PENDING;
            }
            if (isDurable()) {
                self().durable = Part.Durable.PREPARED;
            }
            self().voted = true;
            step("prepared " + index);
            if (self().strikes(Behaviour.VOTE_IS_LOST)) {
                throw new IllegalStateException("simulated: the vote is lost");
            }
            return Result.SUCCESS;
        }

        private Result commitAlone() throws KtmException {
            step("before commit " + index);
            if (self().strikes(Behaviour.REFUSES)) {
                enlistment().rollback();
                return Result.PENDING;
            }
            if (self().strikes(Behaviour.READ_ONLY)) {
                self().readOnly = true;
                enlistment().readOnly();
                return Result.PENDING;
            }
            self().durable = Part.Durable.COMMITTED;
            step("committed alone " + index);
            if (self().strikes(Behaviour.COMMIT_IS_LOST)) {
                throw new IllegalStateException("simulated: the answer is lost");
            }
            return Result.SUCCESS;
        }

        private Result commit() throws KtmException {
            if (isDurable()) {
                toldToCommit(index);
            }
            step("before commit " + index);
            if (self().strikes(Behaviour.COMMIT_FAILS)) {
                enlistment().postpone();
                return Result.PENDING;
            }
            if (isDurable()) {
                self().durable = Part.Durable.COMMITTED;
            }
            step("committed " + index);
            if (self().strikes(Behaviour.COMMIT_IS_LOST)) {
                throw new IllegalStateException("simulated: the answer is lost");
            }
            return Result.SUCCESS;
        }

        private Result rollback() throws KtmException {
            step("before rollback " + index);
            if (self().strikes(Behaviour.ROLLBACK_FAILS)) {
                enlistment().postpone();
                return Result.PENDING;
            }
            if (isDurable()) {
                self().durable = Part.Durable.ROLLED_BACK;
            }
            step("rolled back " + index);
            return Result.SUCCESS;
        }
    }
}
