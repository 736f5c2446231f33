package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Beside;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Commits that are in their places in another order than in the log: one of them is slow, and what comes after it is done, settled, and
 * changed outside of transactions meanwhile. A restart does none of that again.
 */
@Timeout(60)
class CommitOrderTest {

    private static final String SLOW = "slow";

    /** A disk on which the rename to one name takes as long as it is told to. */
    private static final class Slow extends ForwardingDisk {
        private volatile boolean isSlow;
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);
        private final CompletableFuture<Boolean> forcedAgain = new CompletableFuture<>();
        private final AtomicInteger forcesLeft = new AtomicInteger(Integer.MAX_VALUE);
        private volatile Runnable beforeForcing = () -> {};

        Slow(Disk disk) {
            super(disk);
        }

        @Override
        public void rename(String from, String to) throws IOException {
            if (isSlow && to.equals(SLOW)) {
                reached.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            super.rename(from, to);
        }

        /** Says when directories have been forced so often from now on. */
        void awaitForces(int count) {
            forcesLeft.set(count);
        }

        @Override
        public void forceDirectory(String name) throws IOException {
            beforeForcing.run();
            super.forceDirectory(name);
            if (name.isEmpty() && forcesLeft.decrementAndGet() == 0) {
                forcedAgain.complete(true);
            }
        }
    }

    private SimulatedMachine machine;
    private Slow disk;
    private CompletableFuture<Void> slow = CompletableFuture.completedFuture(null);

    @BeforeEach
    void open() throws Exception {
        var tree = new SimulatedTree(count -> {});
        open(new SimulatedMachine.Left(new SimulatedDevice(), tree));
    }

    private void open(SimulatedMachine.Left left) throws IOException {
        disk = new Slow(left.tree());
        machine = new SimulatedMachine(left.device(), left.tree(), disk);
    }

    @AfterEach
    void close() {
        goOn();
        machine.close();
    }

    private void goOn() {
        disk.goOn.countDown();
        slow.join();
    }

    /** Something that a transaction does. */
    private interface Work {
        void run() throws Exception;
    }

    private void commit(Work work) throws Exception {
        machine.ktm.transactionManager().begin();
        work.run();
        machine.ktm.transactionManager().commit();
    }

    private void write(String name, String content) throws IOException {
        Files.writeString(machine.files.fileSystem().getPath(name), content);
    }

    private void writePlainly(String name, String content) throws IOException {
        Files.writeString(machine.files.plainFileSystem().getPath(name), content);
    }

    private CompletableFuture<Void> run(Work work) {
        return Beside.run(work::run);
    }

    /** Begins a commit, and returns when it is decided and not in its place. */
    private void commitSlowly(String content) throws Exception {
        disk.isSlow = true;
        slow = run(() -> commit(() -> write(SLOW, content)));
        assertThat(disk.reached.await(1, TimeUnit.MINUTES)).isTrue();
    }

    /** The process ends, and another begins. */
    private void restart() throws Exception {
        var left = machine.kill();
        close();
        open(left);
    }

    private Map<String, String> tree() {
        return machine.tree.tree();
    }

    private static String is(String content) {
        return SimulatedTree.describe(content.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    @Test
    void whatIsChangedOutsideAfterACheckpointThatASlowCommitHoldsUpIsNotUndone() throws Exception {
        commitSlowly("slow");
        commit(() -> write("f", "committed"));
        machine.files.settle();
        writePlainly("f", "outside");
        restart();

        assertThat(tree()).containsEntry("f", is("outside")).containsEntry(SLOW, is("slow"));
        assertThat(machine.tree.setAside()).isEmpty();
    }

    @Test
    void whatIsMadeOutsideAfterADeleteThatASlowCommitHoldsUpIsNotDeleted() throws Exception {
        writePlainly("f", "there");
        commitSlowly("slow");
        commit(() -> Files.delete(machine.files.fileSystem().getPath("f")));
        machine.files.settle();
        writePlainly("f", "there");
        restart();

        assertThat(tree()).containsEntry("f", is("there"));
    }

    @Test
    void aMoveIsVotedForWhenNothingThatItNeedsIsDoneAgain() throws Exception {
        commitSlowly("slow");
        commit(() -> write("f", "moved"));
        disk.awaitForces(1);
        var resource = machine.files.xaResource();
        var vote = run(() -> {
            resource.start(new ForeignXid(1), XAResource.TMNOFLAGS);
            var files = machine.files.fileSystem();
            Files.move(files.getPath("f"), files.getPath("g"));
            resource.end(new ForeignXid(1), XAResource.TMSUCCESS);
            resource.prepare(new ForeignXid(1));
        });
        CompletableFuture.anyOf(vote, disk.forcedAgain).join();
        boolean hasVoted = vote.isDone();
        goOn();
        vote.join();
        restart();
        machine.files.xaResource().commit(new ForeignXid(1), false);

        assertThat(hasVoted).isFalse();
        assertThat(tree()).containsEntry("g", is("moved")).doesNotContainKey("f");
    }

    @Test
    void whatIsChangedOutsideByAnotherNameIsNotUndone() throws Exception {
        writePlainly("a", "content");
        var plain = machine.files.plainFileSystem();
        Files.createLink(plain.getPath("b"), plain.getPath("a"));
        machine.files.settle();
        commit(() -> CrashStatesTest.permit(machine.files.fileSystem(), "b", "rw-------"));
        CrashStatesTest.permit(plain, "a", "rw-r-----");
        restart();

        assertThat(machine.tree.attributedTree().get("b")).contains(" 640 ");
    }

    @Test
    void aMoveIsVotedForWhileOthersAlwaysCommitBesideIt() throws Exception {
        commit(() -> write("f", "moved"));
        var beside = new AtomicInteger();
        disk.beforeForcing = () -> {
            int number = beside.incrementAndGet();
            if (number < 50) {
                run(() -> commit(() -> write("beside" + number, "content"))).join();
            }
        };
        var resource = machine.files.xaResource();
        resource.start(new ForeignXid(1), XAResource.TMNOFLAGS);
        var files = machine.files.fileSystem();
        Files.move(files.getPath("f"), files.getPath("g"));
        resource.end(new ForeignXid(1), XAResource.TMSUCCESS);
        resource.prepare(new ForeignXid(1));
        disk.beforeForcing = () -> {};

        assertThat(beside).hasValueLessThan(10);
        resource.commit(new ForeignXid(1), false);
        assertThat(tree()).containsEntry("g", is("moved")).doesNotContainKey("f");
    }

    @Test
    @Tag("slow")
    void randomHistoriesBesideSlowCommitsAgreeWithAMap() throws Exception {
        var totals = new HashMap<String, Integer>();
        for (long seed = 1; seed <= 300; seed++) {
            try {
                runHistory(new SplittableRandom(seed), totals);
            } catch (Exception | AssertionError e) {
                throw new AssertionError("history of seed " + seed, e);
            }
        }

        assertThat(totals).containsKeys("write", "delete", "plain", "permit", "settle", "slow", "kill");
    }

    private void runHistory(SplittableRandom random, Map<String, Integer> totals) throws Exception {
        var model = new TreeMap<>(tree());
        boolean isSlow = false;
        for (int i = 0; i < 25; i++) {
            var name = "abc".substring(random.nextInt(3)).substring(0, 1);
            var content = "content " + random.nextInt(1000) + "x".repeat(random.nextInt(8) == 0 ? 70_000 : 0);
            int choice = random.nextInt(100);
            String what;
            if (choice < 25) {
                what = "write";
                commit(() -> write(name, content));
                model.put(name, is(content));
            } else if (choice < 40) {
                what = "delete";
                if (model.remove(name) != null) {
                    commit(() -> Files.delete(machine.files.fileSystem().getPath(name)));
                }
            } else if (choice < 70) {
                what = "plain";
                writePlainly(name, content);
                model.put(name, is(content));
            } else if (choice < 80) {
                what = "settle";
                machine.files.settle();
            } else if (choice < 90 && !isSlow) {
                what = "slow";
                commitSlowly(content);
                isSlow = true;
                model.put(SLOW, is(content));
            } else if (choice < 94 && !isSlow && model.containsKey(name)) {
                // Not atomic: it would wait for the slow one.
                what = "permit";
                commit(() -> CrashStatesTest.permit(machine.files.fileSystem(), name, "rw-------"));
            } else {
                what = "kill";
                restart();
                isSlow = false;
                assertThat(tree()).isEqualTo(model);
                assertThat(machine.tree.setAside()).isEmpty();
                assertThat(machine.tree.working()).isZero();
            }
            totals.merge(what, 1, Integer::sum);
        }
        restart();
        assertThat(tree()).isEqualTo(model);
    }
}
