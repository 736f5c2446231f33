package dev.ktm.redo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.MemoryDevice;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.KtmException;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.RollbackException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Resource managers with data of their own, over the coordinator's log. */
@Tag("slow")
class RedoResourceManagerTest {

    /** An xid of another transaction manager. */
    private record Foreign(int number) implements Xid {
        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {(byte) number};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }

    private static final int TRANSACTIONS = 60;

    /** Nothing is written unless somebody forces it. */
    private static final LogOptions QUIET =
            LogOptions.builder().idleFlush(Duration.ZERO).build();

    /** What is in the files of the two at some moment. */
    private record FirstFile(Map<String, String> content) {}

    private record SecondFile(Map<String, String> content) {}

    private final SimulatedDevice disk = new SimulatedDevice();
    private final MapStore.Disk firstDisk = new MapStore.Disk(Map.of(), content -> disk.mark(new FirstFile(content)));
    private final MapStore.Disk secondDisk = new MapStore.Disk(Map.of(), content -> disk.mark(new SecondFile(content)));
    private LogDevice device = disk;
    private Ktm ktm;
    private MapStore first;
    private MapStore second;

    @BeforeEach
    void open() throws Exception {
        open(device, QUIET);
    }

    private void open(LogDevice where, LogOptions log) throws Exception {
        device = where;
        ktm = Ktm.open(KtmOptions.builder()
                .device(device)
                .logOptions(log)
                .recoveryInterval(Duration.ofHours(1))
                .build());
        first = MapStore.open(ktm, "first", firstDisk);
        second = MapStore.open(ktm, "second", secondDisk);
    }

    @AfterEach
    void close() {
        first.close();
        second.close();
        ktm.close();
    }

    private long forces() throws Exception {
        return ktm.manager().log().orElseThrow().stats().frames();
    }

    private KtmTransaction begin() throws Exception {
        ktm.transactionManager().begin();
        return current();
    }

    private KtmTransaction current() throws Exception {
        return (KtmTransaction) ktm.transactionManager().getTransaction();
    }

    private void commit() throws Exception {
        ktm.transactionManager().commit();
    }

    /** What another life finds on the disk as it is now, or was at a crash. */
    private void reopen(LogDevice found) throws Exception {
        close();
        open(found, QUIET);
    }

    @Test
    void whatTwoOfThemCommitIsThereAfterARestart() throws Exception {
        begin();
        first.put(current(), "a", "1");
        second.put(current(), "b", "2");
        commit();

        reopen(((SimulatedDevice) device).copy());

        assertThat(first.values()).containsExactly(entry("a", "1"));
        assertThat(second.values()).containsExactly(entry("b", "2"));
        assertThat(first.locked()).isEmpty();
    }

    /** Both have made their first checkpoint, which is not part of any commit. */
    private void warmUp() throws Exception {
        begin();
        first.put(current(), "warm", "1");
        second.put(current(), "warm", "1");
        commit();
        first.resourceManager().tidy();
        second.resourceManager().tidy();
    }

    @Test
    void aCommitOfTwoForcesTheLogOnce() throws Exception {
        warmUp();
        long before = forces();

        begin();
        first.put(current(), "a", "1");
        second.put(current(), "b", "2");
        commit();

        assertThat(forces() - before).isOne();
    }

    @Test
    void aCommitOfOneForcesTheLogOnceAndAReadOrARollbackNever() throws Exception {
        warmUp();
        long before = forces();

        begin();
        first.put(current(), "a", "1");
        commit();
        assertThat(forces() - before).isOne();

        begin();
        first.join(current());
        second.join(current());
        commit();
        begin();
        first.put(current(), "a", "2");
        ktm.transactionManager().rollback();
        assertThat(forces() - before).isOne();
        assertThat(first.values()).contains(entry("a", "1"));
    }

    @Test
    @Conforms("JTA-06")
    void oneBesideAnXaResourceVotesAndOneWithoutChangesLeavesTheChoiceToIt() throws Exception {
        var database = new SimulatedDatabase("orders");
        ktm.register("orders", database::connect);

        begin();
        var work = database.connect();
        ktm.transactionManager().getTransaction().enlistResource(work);
        work.put("a");
        first.put(current(), "a", "1");
        commit();
        assertThat(database.calls()).contains("PREPARE");

        begin();
        var more = database.connect();
        ktm.transactionManager().getTransaction().enlistResource(more);
        more.put("b");
        first.join(current());
        commit();
        assertThat(database.calls()).containsOnlyOnce("PREPARE");
    }

    @Test
    void oneThatCannotPrepareRollsEveryoneBackAndSaysWhy() throws Exception {
        first.refusesToPrepare(new IllegalStateException("the disk is full"));
        begin();
        first.put(current(), "a", "1");
        second.put(current(), "b", "2");

        assertThatThrownBy(this::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("the disk is full");

        assertThat(first.values()).isEmpty();
        assertThat(second.values()).isEmpty();
        assertThat(first.locked()).isEmpty();
        assertThat(second.locked()).isEmpty();
    }

    @Test
    void aloneItMaySayNoAtTheLastMoment() throws Exception {
        first.refusesToPrepare(new IllegalStateException("the disk is full"));
        begin();
        first.put(current(), "a", "1");

        assertThatThrownBy(this::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("the disk is full");

        assertThat(first.locked()).isEmpty();
    }

    @Test
    void itRollsATransactionBackForAReasonOfItsOwn() throws Exception {
        begin();
        first.put(current(), "a", "1");
        second.put(current(), "b", "2");
        first.join(current()).part().rollback(new IllegalStateException("somebody else has changed it"));

        assertThatThrownBy(this::commit)
                .isInstanceOf(RollbackException.class)
                .hasStackTraceContaining("somebody else has changed it");

        assertThat(second.locked()).isEmpty();
    }

    @Test
    void whatOneForeignTransactionManagerPreparesIsInDoubtOverARestart() throws Exception {
        var resource = ktm.xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "a", "1");
        second.put(current(), "b", "2");
        resource.end(xid, XAResource.TMSUCCESS);
        assertThat(resource.prepare(xid)).isEqualTo(XAResource.XA_OK);

        reopen(((SimulatedDevice) device).copy());

        assertThat(first.locked()).containsExactly("a");
        assertThat(first.resourceManager().inDoubt()).hasSize(1);
        assertThat(first.values()).isEmpty();
        var after = ktm.xaResource();
        var found = after.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN);
        assertThat(found).hasSize(1);
        after.commit(found[0], false);
        assertThat(first.values()).containsExactly(entry("a", "1"));
        assertThat(second.values()).containsExactly(entry("b", "2"));
        assertThat(first.locked()).isEmpty();
        assertThat(after.recover(XAResource.TMSTARTRSCAN)).isEmpty();
    }

    @Test
    void aForeignTransactionManagerSeesOneResourceAndMayCommitItInOnePhase() throws Exception {
        var resource = ktm.xaResource();
        assertThat(resource.isSameRM(ktm.xaResource())).isTrue();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "a", "1");
        resource.end(xid, XAResource.TMSUCCESS);
        resource.commit(xid, true);
        assertThat(first.values()).containsExactly(entry("a", "1"));

        var readOnly = new Foreign(2);
        resource.start(readOnly, XAResource.TMNOFLAGS);
        first.join(current());
        resource.end(readOnly, XAResource.TMSUCCESS);
        assertThat(resource.prepare(readOnly)).isEqualTo(XAResource.XA_RDONLY);
    }

    @Test
    void inABranchOfItsOwnCoordinatorTheResourceHasNothingToDo() throws Exception {
        begin();
        ktm.transactionManager().getTransaction().enlistResource(ktm.xaResource());
        first.put(current(), "a", "1");
        commit();

        assertThat(first.values()).containsExactly(entry("a", "1"));
    }

    @Test
    void aSecondOneOfTheSameNameIsRefused() throws Exception {
        assertThatThrownBy(() -> MapStore.open(ktm, "first", firstDisk))
                .isInstanceOf(KtmException.class)
                .hasMessageContaining("map.first");

        first.close();
        first = MapStore.open(ktm, "first", firstDisk);
    }

    @Test
    void theLogIsShortenedWhileWorkGoesOnAndWhatIsPreparedIsCarriedForward() throws Exception {
        var memory = new MemoryDevice();
        var small = LogOptions.builder().containerBytes(256 << 10).containers(4).build();
        close();
        open(memory, small);
        var resource = ktm.xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "prepared", "x");
        resource.end(xid, XAResource.TMSUCCESS);
        resource.prepare(xid);
        var expected = new TreeMap<String, String>();

        var padding = "x".repeat(1000);
        for (int i = 0; i < 5000; i++) {
            begin();
            first.put(current(), "k" + i % 10, i + padding);
            if (i % 3 == 0) {
                second.put(current(), "k" + i % 10, i + padding);
            }
            commit();
            expected.put("k" + i % 10, i + padding);
        }

        assertThat(first.values()).isEqualTo(expected);
        close();
        open(memory, small);
        assertThat(first.values()).isEqualTo(expected);
        assertThat(first.locked()).containsExactly("prepared");
        ktm.xaResource().commit(xid, false);
        assertThat(first.values()).containsEntry("prepared", "x");
    }

    private static final LogOptions SMALL = LogOptions.builder()
            .containerBytes(256 << 10)
            .containers(4)
            .idleFlush(Duration.ZERO)
            .build();

    /** Fills the log several times over. */
    private void keepBusy(MapStore busy) throws Exception {
        var padding = "x".repeat(1000);
        for (int i = 0; i < 4000; i++) {
            begin();
            busy.put(current(), "k", i + padding);
            commit();
        }
    }

    @Test
    void oneThatIsQuietDoesNotKeepTheLogFull() throws Exception {
        close();
        open(new MemoryDevice(), SMALL);
        begin();
        first.put(current(), "a", "1");
        second.put(current(), "b", "1");
        commit();

        keepBusy(second);
        keepBusy(first);

        close();
        open(device, SMALL);
        assertThat(first.values()).containsEntry("a", "1");
        assertThat(second.values()).containsEntry("b", "1");
    }

    @Test
    void whatIsInDoubtInOneThatIsQuietDoesNotKeepTheLogFull() throws Exception {
        var xid = leaveInDoubt("x");

        // It is carried forward again and again.
        for (int time = 0; time < 4; time++) {
            keepBusy(second);
        }

        assertIsStillThere(xid, "x");
    }

    /** Nobody keeps space for it: it must be carried forward before the log is full. */
    @Test
    void whatIsLargeAndInDoubtInOneThatIsQuietIsCarriedForwardInTime() throws Exception {
        var large = "x".repeat(200_000);
        var xid = leaveInDoubt(large);

        for (int i = 0; i < 12_000; i++) {
            begin();
            second.put(current(), "k", i + "x".repeat(1000));
            commit();
            awaitRoom();
        }

        assertIsStillThere(xid, large);
    }

    @Test
    void whereOnlyTheCoordinatorWritesItIsCarriedForwardInTimeAsWell() throws Exception {
        var large = "x".repeat(200_000);
        var xid = leaveInDoubt(large);
        var one = ktm.named("one", new Preparing());
        var two = ktm.named("two", new Preparing());

        for (int i = 0; i < 12_000; i++) {
            begin();
            ktm.transactionManager().getTransaction().enlistResource(one);
            ktm.transactionManager().getTransaction().enlistResource(two);
            commit();
            awaitRoom();
        }

        assertIsStillThere(xid, large);
    }

    @Test
    void anInterruptedThreadFindsRoomInAFullLogAsWell() throws Exception {
        close();
        open(new MemoryDevice(), SMALL);
        begin();
        first.put(current(), "a", "1");
        commit();

        try {
            Thread.currentThread().interrupt();
            keepBusy(second);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            var unused = Thread.interrupted();
        }
    }

    private Foreign leaveInDoubt(String value) throws Exception {
        close();
        open(new MemoryDevice(), SMALL);
        var xid = new Foreign(1);
        prepare(xid, value);
        return xid;
    }

    private void prepare(Foreign xid, String value) throws Exception {
        var resource = ktm.xaResource();
        resource.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "prepared", value);
        resource.end(xid, XAResource.TMSUCCESS);
        resource.prepare(xid);
    }

    private void assertIsStillThere(Foreign xid, String value) throws Exception {
        close();
        open(device, SMALL);
        assertThat(first.locked()).containsExactly("prepared");
        ktm.xaResource().commit(xid, false);
        assertThat(first.values()).containsEntry("prepared", value);
    }

    /** Others are asked when less than a quarter is free; they take their time. */
    private void awaitRoom() throws Exception {
        var log = ktm.manager().log().orElseThrow();
        Until.holds(() -> log.stats().freeShare() > 0.125);
    }

    /** Has something to commit, and commits it. */
    private static final class Preparing implements XAResource {
        @Override
        public void start(Xid xid, int flags) {}

        @Override
        public void end(Xid xid, int flags) {}

        @Override
        public int prepare(Xid xid) {
            return XA_OK;
        }

        @Override
        public void commit(Xid xid, boolean onePhase) {}

        @Override
        public void rollback(Xid xid) {}

        @Override
        public void forget(Xid xid) {}

        @Override
        public Xid[] recover(int flag) {
            return new Xid[0];
        }

        @Override
        public boolean isSameRM(XAResource other) {
            return other == this;
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

    @Test
    void spaceForWhatIsInDoubtIsGivenBackWhenItsManagerIsClosed() throws Exception {
        var xid = leaveInDoubt("x".repeat(1000));
        var log = ktm.manager().log().orElseThrow();
        first.close();
        first = MapStore.open(ktm, "first", firstDisk);
        long reserved = log.stats().reservedBytes();

        for (int time = 0; time < 20; time++) {
            first.close();
            first = MapStore.open(ktm, "first", firstDisk);
        }

        assertThat(log.stats().reservedBytes()).isEqualTo(reserved);
        ktm.xaResource().commit(xid, false);
        assertThat(first.values()).containsKey("prepared");
        assertThat(log.stats().reservedBytes()).isLessThan(reserved);
    }

    @Test
    void livesThatEndEarlyDoNotFillTheLog() throws Exception {
        close();
        open(new SimulatedDevice(), SMALL);

        for (int life = 0; life < 60; life++) {
            begin();
            first.put(current(), "a", String.valueOf(life));
            second.put(current(), "a", String.valueOf(life));
            commit();
            var found = ((SimulatedDevice) device).copy();
            close();
            open(found, SMALL);
            assertThat(first.values()).containsEntry("a", String.valueOf(life));
            assertThat(second.values()).isEqualTo(first.values());
            assertThat(first.locked()).isEmpty();
        }
    }

    @Test
    void aFullLogIsShortenedAlthoughSomethingOldIsInDoubt() throws Exception {
        var memory = new MemoryDevice();
        var small = LogOptions.builder()
                .containerBytes(256 << 10)
                .containers(4)
                .idleFlush(Duration.ZERO)
                .build();
        close();
        open(memory, small);
        for (int i = 0; i < 10; i++) {
            first.putPlain("before" + i, "x".repeat(50_000), false);
        }
        var resource = ktm.xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "prepared", "x".repeat(50_000));
        resource.end(xid, XAResource.TMSUCCESS);
        resource.prepare(xid);
        var hog = ktm.manager().log().orElseThrow().stream("hog");
        var block = java.nio.ByteBuffer.allocate(50_000);
        assertThatThrownBy(() -> {
                    while (true) {
                        hog.append(block.duplicate());
                    }
                })
                .isInstanceOf(dev.ktm.log.LogFullException.class);

        first.resourceManager().tidy();

        hog.clear();
        begin();
        first.put(current(), "after", "1");
        commit();
        ktm.xaResource().commit(xid, false);
        assertThat(first.values()).containsKeys("before9", "prepared", "after");
    }

    @Test
    void theLogIsShortenedAlthoughNoLifeWritesMuch() throws Exception {
        var memory = new MemoryDevice();
        var small = LogOptions.builder().containerBytes(256 << 10).containers(4).build();
        var padding = "x".repeat(20_000);
        close();
        open(memory, small);
        for (int life = 0; life < 12; life++) {
            for (int i = 0; i < 4; i++) {
                begin();
                first.put(current(), "k" + i, life + padding);
                commit();
            }
            close();
            open(memory, small);
        }
        begin();
        first.put(current(), "last", "1");
        commit();

        awaitThat(() -> !firstDisk.content().isEmpty());
    }

    private static void awaitThat(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    @Test
    void whatIsDecidedIsDoneAlthoughAnEarlierLifeHasFilledTheLog() throws Exception {
        var memory = new MemoryDevice();
        var small = LogOptions.builder()
                .containerBytes(256 << 10)
                .containers(4)
                .idleFlush(Duration.ZERO)
                .build();
        close();
        open(memory, small);
        first.putPlain("before", "x", false);
        // A checkpoint lets go of a whole container.
        var hog = ktm.manager().log().orElseThrow().stream("hog");
        for (int i = 0; i < 600; i++) {
            hog.append(java.nio.ByteBuffer.allocate(2000));
        }
        var resource = ktm.xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "prepared", "x");
        resource.end(xid, XAResource.TMSUCCESS);
        resource.prepare(xid);
        // What is reserved ends with the life that has reserved it.
        first.close();
        for (int bytes : new int[] {2000, 1}) {
            var block = java.nio.ByteBuffer.allocate(bytes);
            assertThatThrownBy(() -> {
                        while (true) {
                            hog.append(block.duplicate());
                        }
                    })
                    .isInstanceOf(dev.ktm.log.LogFullException.class);
        }
        hog.clear();
        hog.close();

        first = MapStore.open(ktm, "first", firstDisk);
        ktm.xaResource().commit(xid, false);

        awaitThat(() -> first.values().containsKey("prepared"));
    }

    @Test
    void redoWhoseBeginningIsGoneIsNothing() throws Exception {
        first.close();
        var stream = ktm.manager().log().orElseThrow().stream("map.first");
        var id = new java.util.UUID(1, 2);
        stream.append(RedoFormat.prepared(
                id, new java.util.UUID(3, 4), RedoFormat.LAST, java.nio.charset.StandardCharsets.UTF_8.encode("a=1")));
        stream.close();

        first = MapStore.open(ktm, "first", firstDisk);

        assertThat(first.resourceManager().inDoubt()).isEmpty();
        assertThat(first.locked()).isEmpty();
    }

    @Test
    void aThreadWhoseSuperiorHasRolledBackElsewhereWorksOn() throws Exception {
        var resource = ktm.xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "a", "1");
        inAnotherThread(() -> {
            resource.end(xid, XAResource.TMFAIL);
            resource.rollback(xid);
        });
        assertThat(first.locked()).isEmpty();
        assertThatThrownBy(() -> resource.end(xid, XAResource.TMSUCCESS))
                .isInstanceOf(XAException.class)
                .extracting(failure -> ((XAException) failure).errorCode)
                .isEqualTo(XAException.XA_RBROLLBACK);

        var next = new Foreign(2);
        resource.start(next, XAResource.TMNOFLAGS);
        inAnotherThread(() -> resource.rollback(next));
        var third = new Foreign(3);
        resource.start(third, XAResource.TMNOFLAGS);
        first.put(current(), "a", "3");
        resource.end(third, XAResource.TMSUCCESS);
        resource.commit(third, true);
        assertThat(first.values()).containsExactly(entry("a", "3"));
    }

    /** Something that may fail. */
    private interface Step {
        void run() throws Exception;
    }

    private static void inAnotherThread(Step step) throws Exception {
        var failure = new java.util.concurrent.atomic.AtomicReference<Exception>();
        var thread = new Thread(() -> {
            try {
                step.run();
            } catch (Exception e) {
                failure.set(e);
            }
        });
        thread.start();
        thread.join();
        assertThat(failure.get()).isNull();
    }

    @Test
    void aBranchIsSuspendedResumedAndJoined() throws Exception {
        var resource = ktm.xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "a", "1");
        resource.end(xid, XAResource.TMSUSPEND);
        assertThat(ktm.transactionManager().getTransaction()).isNull();
        resource.start(xid, XAResource.TMRESUME);
        first.put(current(), "b", "2");
        inAnotherThread(() -> {
            var other = ktm.xaResource();
            other.start(xid, XAResource.TMJOIN);
            second.put(current(), "c", "3");
            other.end(xid, XAResource.TMSUCCESS);
        });
        resource.end(xid, XAResource.TMSUCCESS);
        assertThat(resource.prepare(xid)).isEqualTo(XAResource.XA_OK);
        resource.commit(xid, false);

        assertThat(first.values()).containsExactly(entry("a", "1"), entry("b", "2"));
        assertThat(second.values()).containsExactly(entry("c", "3"));
    }

    @Test
    void aThreadStaysInABranchUntilEachResourceThatWasStartedOnItIsEnded() throws Exception {
        var one = ktm.xaResource();
        var other = ktm.xaResource();
        var xid = new Foreign(1);
        one.start(xid, XAResource.TMNOFLAGS);
        first.put(current(), "a", "1");
        other.start(xid, XAResource.TMJOIN);
        one.end(xid, XAResource.TMSUCCESS);
        second.put(current(), "b", "2");
        other.end(xid, XAResource.TMSUCCESS);
        assertThat(ktm.transactionManager().getTransaction()).isNull();

        other.start(xid, XAResource.TMJOIN);
        inAnotherThread(() -> {
            one.start(xid, XAResource.TMJOIN);
            one.end(xid, XAResource.TMSUCCESS);
            assertThat(ktm.transactionManager().getTransaction()).isNull();
        });
        assertThat(current()).isNotNull();
        // Whoever did not start it ends it for the thread.
        one.end(xid, XAResource.TMSUCCESS);
        assertThat(ktm.transactionManager().getTransaction()).isNull();
        assertThat(one.prepare(xid)).isEqualTo(XAResource.XA_OK);
        one.commit(xid, false);

        assertThat(first.values()).containsExactly(entry("a", "1"));
        assertThat(second.values()).containsExactly(entry("b", "2"));
    }

    @Test
    void whatAForeignTransactionManagerDoesWronglyIsRefused() throws Exception {
        var resource = ktm.xaResource();
        var xid = new Foreign(1);
        assertCode(XAException.XAER_NOTA, () -> resource.start(xid, XAResource.TMJOIN));
        assertCode(XAException.XAER_NOTA, () -> resource.end(xid, XAResource.TMSUCCESS));
        assertCode(XAException.XAER_NOTA, () -> resource.commit(xid, false));
        resource.start(xid, XAResource.TMNOFLAGS);
        assertCode(XAException.XAER_OUTSIDE, () -> resource.start(new Foreign(2), XAResource.TMNOFLAGS));
        resource.end(xid, XAResource.TMSUCCESS);
        assertCode(XAException.XAER_DUPID, () -> resource.start(xid, XAResource.TMNOFLAGS));
        assertCode(XAException.XAER_PROTO, () -> resource.commit(xid, false));
        assertCode(XAException.XAER_INVAL, () -> resource.recover(4711));
        resource.start(xid, XAResource.TMJOIN);
        resource.end(xid, XAResource.TMFAIL);
        assertCode(XAException.XA_RBROLLBACK, () -> resource.prepare(xid));
    }

    private static void assertCode(int code, Step step) {
        assertThatThrownBy(step::run)
                .isInstanceOf(XAException.class)
                .extracting(failure -> ((XAException) failure).errorCode)
                .isEqualTo(code);
    }

    @Test
    void aCheckpointBeforeTheFirstRecordCallsForNoOtherSoonAfterIt() throws Exception {
        first.resourceManager().tidy();
        disk.forgetHistory();

        begin();
        first.put(current(), "a", "1");
        commit();
        first.close();

        CrashStates.of(disk.history())
                .from(disk.point())
                .forEach(state -> assertThat(state.lastMark(FirstFile.class)).isEmpty());
    }

    @Test
    void whatIsForgottenIsFoundByNobody() throws Exception {
        begin();
        first.put(current(), "a", "1");
        second.put(current(), "b", "2");
        commit();
        first.resourceManager().tidy();
        first.resourceManager().forget();
        first.close();

        reopen(device);

        // Its disk has it, and the log knows of no checkpoint that says so.
        assertThat(first.values()).isEmpty();
        assertThat(second.values()).containsExactly(entry("b", "2"));
    }

    @Test
    void notesAndCommitsAreRepeatedInOrder() throws Exception {
        begin();
        first.put(current(), "a", "1");
        commit();
        first.putPlain("a", "2", false);
        first.resourceManager().tidy();
        first.putPlain("b", "3", false);
        begin();
        first.put(current(), "b", "4");
        commit();
        first.putPlain("c", "5", true);

        reopen(((SimulatedDevice) device).copy());

        assertThat(first.values()).containsExactly(entry("a", "2"), entry("b", "4"), entry("c", "5"));
    }

    /** How far a transaction has come that is in doubt for long. */
    private enum Stage {
        PREPARED,
        COMMITTING,
        COMMITTED
    }

    /** The log goes round several times meanwhile, so that it is carried forward, and after its commit until a checkpoint has it. */
    @ParameterizedTest
    @Tag("slow")
    @ValueSource(booleans = {false, true})
    void whatIsCarriedForwardSurvivesACrashAtAnyTime(boolean lagging) throws Exception {
        close();
        var round = new SimulatedDevice();
        device = round;
        ktm = Ktm.open(KtmOptions.builder().device(round).logOptions(SMALL).build());
        var file = new MapStore.Disk(Map.of(), content -> round.mark(new FirstFile(content)));
        first = lagging ? MapStore.openLagging(ktm, "first", file) : MapStore.open(ktm, "first", file);
        second = MapStore.open(
                ktm, "second", new MapStore.Disk(Map.of(), content -> round.mark(new SecondFile(content))));
        round.forgetHistory();
        var xid = new Foreign(1);
        prepare(xid, "x");
        round.mark(Stage.PREPARED);
        int prepared = round.point();
        goRound();
        round.mark(Stage.COMMITTING);
        int committing = round.point();
        ktm.xaResource().commit(xid, false);
        round.mark(Stage.COMMITTED);
        int committed = round.point();
        goRound();

        var states = CrashStates.of(round.history());
        CrashStates.Visitor visitor = state -> assertNotLost(xid, state);
        assertThat(states.upTo(prepared).sample(1, 20, visitor)).isPositive();
        assertThat(states.from(prepared).upTo(committing).sample(2, 100, visitor))
                .isGreaterThan(50);
        assertThat(states.from(committing).upTo(committed).sample(3, 50, visitor))
                .isPositive();
        assertThat(states.from(committed).sample(4, 200, visitor)).isGreaterThan(100);
    }

    private static void assertNotLost(Xid xid, CrashState state) {
        var stage = state.lastMark(Stage.class);
        try (var other = Ktm.open(KtmOptions.builder().device(state.device()).build());
                var left = MapStore.open(other, "first", new MapStore.Disk(fileOfFirst(state), written -> {}));
                var right = MapStore.open(other, "second", new MapStore.Disk(fileOfSecond(state), written -> {}))) {
            assertThat(right.locked()).isEmpty();
            boolean committed = left.values().containsKey("prepared");
            boolean inDoubt = left.locked().contains("prepared");
            assertThat(committed && inDoubt).as(state.description()).isFalse();
            assertThat(committed || inDoubt || stage.isEmpty())
                    .as("%s after %s", state.description(), stage)
                    .isTrue();
            assertThat(committed).as(state.description()).isIn(mayBeCommitted(stage));
            if (inDoubt) {
                other.xaResource().commit(xid, false);
                assertThat(left.values()).containsEntry("prepared", "x");
            }
        } catch (Exception e) {
            throw new AssertionError(state.description(), e);
        }
    }

    private static List<Boolean> mayBeCommitted(Optional<Stage> stage) {
        return switch (stage.orElse(Stage.PREPARED)) {
            case PREPARED -> List.of(false);
            case COMMITTING -> List.of(false, true);
            case COMMITTED -> List.of(true);
        };
    }

    private static Map<String, String> fileOfFirst(CrashState state) {
        return state.lastMark(FirstFile.class).map(FirstFile::content).orElse(Map.of());
    }

    private static Map<String, String> fileOfSecond(CrashState state) {
        return state.lastMark(SecondFile.class).map(SecondFile::content).orElse(Map.of());
    }

    /** Writes more than the log has room for. */
    private void goRound() throws Exception {
        for (int i = 0; i < 200; i++) {
            begin();
            second.put(current(), "k", i + "y".repeat(30_000));
            commit();
        }
    }

    /** Every state in which a crash can leave the log, at every moment of a run of transactions over both. */
    @Test
    @Tag("slow")
    void afterAnyCrashBothAgreeAndNothingAcknowledgedIsLost() throws Exception {
        disk.forgetHistory();
        for (int i = 0; i < TRANSACTIONS; i++) {
            begin();
            first.put(current(), "k" + i, "1");
            second.put(current(), "k" + i, "1");
            commit();
            disk.mark(i);
            if (i % 5 == 2) {
                first.resourceManager().tidy();
            }
            if (i % 5 == 3) {
                second.resourceManager().tidy();
            }
        }
        first.putPlain("alone", "1", true);
        disk.mark(TRANSACTIONS);

        var checked = new AtomicLong();
        CrashStates.of(disk.history()).atMostPerPoint(256).forEach(state -> {
            checked.incrementAndGet();
            var acknowledged = state.lastMark(Integer.class).orElse(-1);
            try (var other =
                            Ktm.open(KtmOptions.builder().device(state.device()).build());
                    var left = MapStore.open(other, "first", new MapStore.Disk(fileOfFirst(state), written -> {}));
                    var right = MapStore.open(other, "second", new MapStore.Disk(fileOfSecond(state), written -> {}))) {
                var transacted = new TreeMap<>(left.values());
                transacted.remove("alone");
                assertThat(transacted).as(state.description()).isEqualTo(right.values());
                assertThat(left.locked()).isEmpty();
                for (int i = 0; i <= Math.min(acknowledged, TRANSACTIONS - 1); i++) {
                    assertThat(transacted).as(state.description()).contains(Map.entry("k" + i, "1"));
                }
                assertThat(left.values().containsKey("alone") || acknowledged < TRANSACTIONS)
                        .as(state.description())
                        .isTrue();
            } catch (Exception e) {
                throw new AssertionError(state.description(), e);
            }
        });
        assertThat(checked.get()).isGreaterThan(100);
    }
}
