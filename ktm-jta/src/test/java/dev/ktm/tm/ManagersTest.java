package dev.ktm.tm;

import static dev.ktm.testing.Refusals.assertRefused;
import static dev.ktm.testing.ScriptedResourceManager.PHASES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktm.log.LogException;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.ManagerRight;
import dev.ktm.rm.Notification;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.ResourceManagerRight;
import dev.ktm.rm.TransactionRight;
import dev.ktm.testing.ScriptedResourceManager;
import dev.ktm.tm.ManagerHandle.Durability;
import dev.ktm.tm.TransactionManagers.Query;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transaction managers: how they are made, found, renamed, broken and closed. */
class ManagersTest {

    private static final UUID ZERO = new UUID(0, 0);

    @TempDir
    Path directory;

    private final Machine machine = new Machine();

    @AfterEach
    void close() {
        machine.close();
    }

    private ManagerOptions inDirectory() {
        return ManagerOptions.durable(directory.resolve("log"))
                .withLogOptions(
                        LogOptions.builder().containerBytes(1).containers(2).build());
    }

    private void commitTwoPhases(ManagerHandle manager) throws Exception {
        try (var one = machine.durable(manager, "one");
                var two = machine.durable(manager, "two");
                var transaction = manager.createTransaction(TransactionOptions.DEFAULT)) {
            one.enlist(transaction, PHASES);
            two.enlist(transaction, PHASES);
            transaction.commit();
        }
    }

    @Test
    @Conforms("KTM-TM-01")
    void creatingOneMakesItsLogAndCreatingItAgainKeepsItsIdentity() throws Exception {
        UUID first;
        try (var manager = machine.kernel.create(inDirectory())) {
            first = manager.identity();
            assertThat(manager.incarnation()).isEqualTo(1);
        }

        try (var again = machine.kernel.create(inDirectory())) {
            assertThat(again.identity()).isEqualTo(first);
            assertThat(again.incarnation()).isEqualTo(2);
        }
        assertThat(directory.resolve("log")).isDirectory();
    }

    @Test
    @Conforms("KTM-TM-02")
    void aVolatileOneHasNoLogAndADurableOneMustHaveOne() {
        var log = Optional.of(directory);
        var volatileWithLog = new ManagerOptions(
                true,
                log,
                Optional.empty(),
                LogOptions.defaults(),
                "",
                Optional.empty(),
                false,
                ManagerOptions.DEFAULT_PIN_LIMIT);
        var durableWithout = new ManagerOptions(
                false,
                Optional.empty(),
                Optional.empty(),
                LogOptions.defaults(),
                "",
                Optional.empty(),
                false,
                ManagerOptions.DEFAULT_PIN_LIMIT);

        assertRefused(KtmError.INVALID_PARAMETER, () -> machine.kernel.create(volatileWithLog));
        assertRefused(KtmError.INVALID_PARAMETER, () -> machine.kernel.create(durableWithout));

        assertThat(directory).isEmptyDirectory();
    }

    /** Both would end what is in it: two of one identity. */
    @Test
    void aLogIsNotOpenedAsAClone() throws Exception {
        machine.kernel.create(inDirectory()).close();
        var clone = ManagerOptions.durable(directory.resolve("log"))
                .withLogOptions(LogOptions.builder()
                        .containerBytes(1)
                        .containers(2)
                        .copy(LogOptions.Copy.CLONED)
                        .build());

        assertRefused(KtmError.INVALID_PARAMETER, () -> machine.kernel.create(clone));
    }

    @Test
    @Conforms("KTM-TM-03")
    void isOpenedByExactlyOneOfNameLogAndIdentity() throws Exception {
        var made = machine.kernel.create(inDirectory().withName("orders"));
        var log = directory.resolve("log");
        var identity = made.identity();

        var all = ManagerRight.QUERY_INFORMATION;
        assertThat(machine.kernel.open(Query.byName("orders"), all).identity()).isEqualTo(identity);
        assertThat(machine.kernel.open(Query.byLog(log), all).identity()).isEqualTo(identity);
        assertThat(machine.kernel.open(Query.byIdentity(identity), all).identity())
                .isEqualTo(identity);

        var none = new Query(Optional.empty(), Optional.empty(), Optional.empty());
        var two = new Query(Optional.of("orders"), Optional.empty(), Optional.of(identity));
        var three = new Query(Optional.of("orders"), Optional.of(log), Optional.of(identity));
        for (var query : List.of(none, two, three)) {
            assertRefused(KtmError.INVALID_PARAMETER, () -> machine.kernel.open(query, all));
        }
        assertRefused(KtmError.TRANSACTIONMANAGER_NOT_FOUND, () -> machine.kernel.open(Query.byName("stock"), all));
    }

    @Test
    @Conforms("KTM-TM-04")
    void takesNoRequestsBeforeItIsRecoveredToTheEnd() throws Exception {
        var manager = machine.opened();
        assertThat(manager.isOnline()).isFalse();

        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                () -> manager.createResourceManager(null, "", Durability.DURABLE));
        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                () -> manager.openResourceManager(new UUID(1, 1), ResourceManagerRight.ENLIST));
        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE, () -> manager.createTransaction(TransactionOptions.DEFAULT));
        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                () -> manager.openTransaction(new UUID(1, 1), TransactionRight.COMMIT));
        manager.rollForward(1);
        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE, () -> manager.createTransaction(TransactionOptions.DEFAULT));

        manager.recover();

        assertThat(manager.isOnline()).isTrue();
        manager.createTransaction(TransactionOptions.DEFAULT).commit();
    }

    @Test
    @Conforms("KTM-TM-05")
    void aVolatileOneCannotBeRecovered() throws Exception {
        var manager = machine.inMemory();

        assertRefused(KtmError.TM_VOLATILE, manager::recover);
        assertRefused(KtmError.TM_VOLATILE, () -> manager.rollForward(1));

        assertThat(manager.isOnline()).isTrue();
    }

    @Test
    @Conforms("KTM-TM-06")
    void isRecoveredOnce() throws Exception {
        var manager = machine.recovered();

        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, manager::recover);
        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, () -> manager.rollForward(5));

        assertThat(manager.isOnline()).isTrue();
        assertThat(manager.clock()).isEqualTo(1);
    }

    @Test
    @Conforms({"KTM-TM-07", "KTM-TM-08"})
    void itsClockStartsAtOneAndGrowsByOneWithEachCommitThatBegins() throws Exception {
        var manager = machine.recovered();
        assertThat(manager.clock()).isEqualTo(1);
        var one = machine.durable(manager, "one");

        machine.inMemory().createTransaction(TransactionOptions.DEFAULT).commit();
        assertThat(manager.clock()).isEqualTo(1);
        var committed = manager.createTransaction(TransactionOptions.DEFAULT);
        committed.commit();
        assertThat(manager.clock()).isEqualTo(2);
        var refused = manager.createTransaction(TransactionOptions.DEFAULT);
        one.rollbackAt(Notification.PREPARE).enlist(refused, PHASES);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, refused::commit);
        assertThat(manager.clock()).isEqualTo(3);
        manager.createTransaction(TransactionOptions.DEFAULT).rollback();

        assertRefused(KtmError.TRANSACTION_ALREADY_COMMITTED, committed::commit);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, refused::commit);
        assertThat(manager.clock()).as("a commit that is refused has not begun").isEqualTo(3);
    }

    @Test
    @Conforms("KTM-TM-08")
    void aSuperiorsFirstOrderBeginsTheCommitAndARefusedOneDoesNot() throws Exception {
        var manager = machine.recovered();
        var host = machine.durable(manager, "host");
        var one = machine.durable(manager, "one");
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
        var superior = host.enlistSuperior(transaction, ScriptedResourceManager.SUPERIOR)
                .enlistment();
        one.enlist(transaction, PHASES);

        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, superior::commit);
        assertThat(manager.clock()).isEqualTo(1);
        superior.prePrepare();
        superior.prepare();
        superior.commit();
        assertThat(manager.clock()).isEqualTo(2);

        var other = manager.createTransaction(TransactionOptions.DEFAULT);
        var deaf = host.enlistSuperior(other, PHASES).enlistment();
        assertRefused(KtmError.TRANSACTION_RESPONSE_NOT_ENLISTED, deaf::prePrepare);
        assertRefused(KtmError.TRANSACTION_RESPONSE_NOT_ENLISTED, deaf::prepare);
        assertThat(manager.clock()).isEqualTo(2);
    }

    @Test
    @Conforms("KTM-TM-09")
    void takesOverOnlyAClockThatIsGreater() throws Exception {
        var manager = machine.recovered();
        var one = machine.durable(manager, "one").byHand(Notification.PREPREPARE);
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
        var part = one.enlist(transaction, PHASES);
        transaction.commitAsync();

        part.enlistment().adoptClock(40);
        part.enlistment().prePrepareComplete();
        assertThat(manager.clock()).isEqualTo(40);
        part.enlistment().adoptClock(39);

        assertThat(manager.clock()).isEqualTo(40);
        assertThat(part.events().get(part.events().size() - 1).clock()).isEqualTo(40);
    }

    @Test
    @Conforms("KTM-TM-10")
    void itsClockIsTheLastOneInTheLogAfterARestart() throws Exception {
        var manager = machine.recovered();
        commitTwoPhases(manager);
        commitTwoPhases(manager);
        manager.createTransaction(TransactionOptions.DEFAULT).commit();
        assertThat(manager.clock()).isEqualTo(4);

        try (var next = machine.afterCrash()) {
            assertThat(next.recovered().clock())
                    .as("that of the last commit that was written")
                    .isEqualTo(3);
        }
    }

    @Test
    @Conforms("KTM-TM-11")
    void anotherIdentityThanExpectedIsRefused() throws Exception {
        UUID identity;
        try (var manager = machine.opened()) {
            identity = manager.identity();
        }
        var other = new UUID(identity.getMostSignificantBits(), identity.getLeastSignificantBits() ^ 1);

        assertRefused(
                KtmError.TRANSACTIONMANAGER_IDENTITY_MISMATCH,
                () -> machine.kernel.create(machine.onDisk().withExpectedIdentity(other)));

        try (var manager = machine.kernel.create(machine.onDisk().withExpectedIdentity(identity))) {
            manager.recover();
            assertThat(manager.identity()).isEqualTo(identity);
        }
    }

    @Test
    @Conforms("KTM-TM-12")
    void aRenamedOneIsFoundUnderItsNewIdentityOnlyAlsoAfterAReopening() throws Exception {
        var manager = machine.recovered();
        var old = manager.identity();
        var right = ManagerRight.QUERY_INFORMATION;

        var fresh = manager.rename();

        assertThat(fresh).isNotEqualTo(old);
        assertThat(machine.kernel.open(Query.byIdentity(fresh), right).identity())
                .isEqualTo(fresh);
        assertRefused(KtmError.TRANSACTIONMANAGER_NOT_FOUND, () -> machine.kernel.open(Query.byIdentity(old), right));
        try (var next = machine.afterCrash()) {
            assertRefused(
                    KtmError.TRANSACTIONMANAGER_IDENTITY_MISMATCH,
                    () -> next.kernel.create(next.onDisk().withExpectedIdentity(old)));
            assertThat(next.recovered().identity()).isEqualTo(fresh);
        }
    }

    @Test
    void isNotRenamedWhileATransactionIsKnownByTheOldIdentity() throws Exception {
        var manager = machine.recovered();
        var identity = manager.identity();
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
        assertThat(transaction.transaction().id().orElseThrow().manager()).isEqualTo(identity);

        assertRefused(KtmError.TRANSACTION_REQUEST_NOT_VALID, manager::rename);
        transaction.rollback();

        assertThat(manager.identity()).isEqualTo(identity);
        assertThat(manager.rename()).isNotEqualTo(identity);
    }

    @Test
    @Conforms("KTM-TM-13")
    void aLogIsOpenInOnePlaceAtATime() throws Exception {
        var manager = machine.kernel.create(inDirectory());
        try (var other = new Machine()) {
            assertRefused(KtmError.NAME_COLLISION, () -> machine.kernel.create(inDirectory()));
            assertRefused(KtmError.NAME_COLLISION, () -> other.kernel.create(inDirectory()));
            manager.recover();
            manager.close();

            other.kernel.create(inDirectory()).recover();
        }
    }

    @Test
    @Conforms("KTM-TM-14")
    void areEnumeratedByACursorEachOnce() throws Exception {
        var made = new ArrayList<UUID>();
        for (int i = 0; i < 20; i++) {
            made.add(machine.inMemory().identity());
        }

        var found = new ArrayList<UUID>();
        var cursor = ZERO;
        while (found.size() < made.size()) {
            cursor = machine.kernel.nextManager(cursor);
            found.add(cursor);
        }

        assertThat(found).containsExactlyInAnyOrderElementsOf(made);
        var last = cursor;
        assertRefused(KtmError.NO_MORE_ENTRIES, () -> machine.kernel.nextManager(last));
    }

    @Test
    @Conforms("KTM-TM-15")
    void whatBelongsToItExpiresWhenItIsClosed() throws Exception {
        var manager = machine.recovered();
        var one = machine.durable(manager, "one");
        var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
        var part = one.enlist(transaction, PHASES);

        manager.close();

        assertRefused(KtmError.TRANSACTION_OBJECT_EXPIRED, () -> one.handle().id());
        assertRefused(KtmError.TRANSACTION_OBJECT_EXPIRED, () -> one.handle().recover());
        assertRefused(
                KtmError.TRANSACTION_OBJECT_EXPIRED, () -> part.enlistment().state());
        assertRefused(
                KtmError.TRANSACTION_OBJECT_EXPIRED, () -> part.enlistment().readOnly());
        assertRefused(KtmError.TRANSACTION_OBJECT_EXPIRED, manager::identity);
        assertRefused(KtmError.TRANSACTION_ALREADY_ABORTED, transaction::commit);
    }

    @Test
    void aHandleThatWasClosedIsOfNoUseAndClosesNothingElse() throws Exception {
        var manager = machine.kernel.create(ManagerOptions.inMemory().withName("orders"));
        var other = machine.kernel.open(Query.byName("orders"), ManagerRight.QUERY_INFORMATION);

        other.close();
        other.close();

        assertRefused(KtmError.TRANSACTION_OBJECT_EXPIRED, other::clock);
        assertThat(manager.clock()).isEqualTo(1);
    }

    @Test
    @Conforms("KTM-TM-16")
    void goesOfflineWhenItsLogCannotBeWrittenAndKeepsWhatIsDecided() throws Exception {
        var manager = machine.recovered();
        var one = machine.durable(manager, "one");
        var two = machine.durable(manager, "two");
        one.byHand(Notification.COMMIT);
        var decided = manager.createTransaction(TransactionOptions.DEFAULT);
        var open = one.enlist(decided, PHASES);
        two.enlist(decided, PHASES);
        decided.commitAsync();
        var undecided = manager.createTransaction(TransactionOptions.DEFAULT);
        var lost = two.enlist(undecided, PHASES);
        var unlucky = manager.createTransaction(TransactionOptions.DEFAULT);
        one.enlist(unlucky, PHASES);
        two.enlist(unlucky, PHASES);

        machine.device.injectFaults(FaultPlan.none().failFrom(OperationKind.WRITE_FORCE, 1));
        assertRefused(KtmError.TRANSACTIONMANAGER_NOT_ONLINE, unlucky::commit);

        assertThat(manager.isOnline()).isFalse();
        assertThat(machine.reported()).contains(OutcomeReport.Kind.OFFLINE);
        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE, () -> manager.createTransaction(TransactionOptions.DEFAULT));
        assertRefused(
                KtmError.TRANSACTIONMANAGER_NOT_ONLINE,
                () -> manager.createResourceManager(null, "", Durability.DURABLE));
        lost.assertHeard(Notification.ROLLBACK);
        assertThat(undecided.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(decided.outcome()).isEqualTo(Outcome.COMMITTED);
        open.enlistment().commitComplete();
        assertThat(open.enlistment().state()).isEqualTo(EnlistmentState.COMMITTED);
    }

    @Test
    @Conforms("KTM-TM-17")
    void aDamagedLogIsReportedAndNothingIsGuessed() throws Exception {
        try (var manager = machine.recovered()) {
            for (int i = 0; i < 20; i++) {
                commitTwoPhases(manager);
            }
        }
        int refused = 0;
        for (var name : machine.device.list()) {
            var damaged = machine.device.copy();
            damaged.raw().truncateFile(name, damaged.raw().size(name) / 2);
            refused += refusesToOpen(damaged) ? 1 : 0;
            var swapped = machine.device.copy();
            swapped.raw().write(name, 0, new byte[Math.toIntExact(swapped.raw().size(name))]);
            refused += refusesToOpen(swapped) ? 1 : 0;
        }

        assertThat(refused).isGreaterThan(0);
    }

    /** Whether it is refused as damaged; if it is not, it must be as it was. */
    private static boolean refusesToOpen(SimulatedDevice device) throws Exception {
        try (var next = new Machine(device)) {
            var thrown = catchThrowable(next::opened);
            if (thrown != null) {
                assertThat(thrown).isInstanceOf(KtmException.class);
                assertThat(((KtmException) thrown).error()).isEqualTo(KtmError.LOG_CORRUPTION_DETECTED);
                assertRefused(KtmError.NO_MORE_ENTRIES, () -> next.kernel.nextManager(ZERO));
            }
            if (thrown == null) {
                var manager = next.kernel.open(
                        Query.byIdentity(next.kernel.nextManager(ZERO)),
                        ManagerRight.RECOVER,
                        ManagerRight.QUERY_INFORMATION);
                manager.recover();
                assertThat(manager.clock()).isEqualTo(21);
            }
            return thrown != null;
        }
    }

    @Test
    void saysWhereItsLogIsToWhoeverHasAnotherWorkingDirectory() {
        assertThat(ManagerOptions.durable(Path.of("logs", "..", "shop")).where())
                .isEqualTo(Path.of("shop").toAbsolutePath().toString());
    }

    @Test
    @Conforms("KTM-TM-18")
    void tellsIdentityClockLogAndTheLastRecordThatItRecovered() throws Exception {
        try (var manager = machine.kernel.create(inDirectory())) {
            assertThat(manager.logPath())
                    .isEqualTo(Optional.of(directory.resolve("log").toString()));
            assertThat(manager.lastRecoveredLsn()).isEmpty();
            manager.recover();
            commitTwoPhases(manager);
        }

        try (var manager = machine.kernel.create(inDirectory())) {
            manager.recover();
            assertThat(manager.identity()).isEqualTo(manager.log().orElseThrow().identity());
            assertThat(manager.clock()).isEqualTo(2);
            assertThat(manager.lastRecoveredLsn().orElseThrow()).isGreaterThan(0);
        }
        assertThat(machine.inMemory().logPath()).isEmpty();
    }

    @Test
    void isClosedAtEveryMomentOfACommit() throws Exception {
        for (var moment : PHASES.notifications()) {
            if (moment != Notification.ROLLBACK) {
                closedAt(moment);
            }
        }
    }

    private void closedAt(Notification moment) throws Exception, LogException {
        try (var life = new Machine()) {
            var manager = life.recovered();
            var one = life.durable(manager, "one");
            var two = life.durable(manager, "two").byHand(moment);
            var transaction = manager.createTransaction(TransactionOptions.DEFAULT);
            one.enlist(transaction, PHASES);
            var part = two.enlist(transaction, PHASES);
            var end = transaction.commitAsync().toCompletableFuture();
            part.assertHeard(part.heard().toArray(new Notification[0]));

            two.handle().close();
            manager.close();

            assertThat(end).isDone();
            assertThat(end.join()).isEqualTo(moment == Notification.COMMIT ? Outcome.COMMITTED : Outcome.ABORTED);
        }
    }
}
