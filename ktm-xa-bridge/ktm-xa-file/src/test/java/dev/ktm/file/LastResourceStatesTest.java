package dev.ktm.file;

import static dev.ktm.file.CrashScenario.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.file.CrashScenario.Work;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.Enlistment;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler.Result;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.ResourceManager;
import dev.ktm.rm.TransactionRight;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.ManagerHandle.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Crashes at every operation while a last resource decides about every second transaction, which is in doubt after a power cut unless its
 * decision is durable, whatever that has left of it and of what was committed before. Once the last resource
 * says what it has decided, the tree is that with the transaction or that without it, and stays so over one more crash.
 */
@Tag("slow")
class LastResourceStatesTest {

    private static final int LOGS = 3;
    private static final int TREES = 4;
    private static final int RANDOM_RUNS = 1;
    private static final int CAMPAIGN_RUNS = 1000;

    private record TreePoint(int operations) {}

    /** The last resource has committed, and with it this transaction. */
    private record Decided(int transaction) {}

    /** So many transactions are committed. */
    private record Acknowledged(int transactions) {}

    /** A resource manager that cannot prepare, and remembers what it has committed. */
    private static final class LastResource implements AutoCloseable {
        private static final UUID ID = UUID.nameUUIDFromBytes(new byte[] {1});
        private static final NotificationMask MASK = NotificationMask.of(
                Notification.PREPARE,
                Notification.COMMIT,
                Notification.ROLLBACK,
                Notification.SINGLE_PHASE_COMMIT,
                Notification.RECOVER,
                Notification.LAST_RECOVER,
                Notification.INDOUBT);

        private final SimulatedMachine machine;
        private final ResourceManager handle;
        private @Nullable Enlistment inDoubt;

        LastResource(SimulatedMachine machine) throws KtmException {
            this.machine = machine;
            this.handle = machine.ktm.manager().createResourceManager(ID, "last", Durability.DURABLE);
            handle.setHandler(this::handle);
            handle.recover();
        }

        private Result handle(NotificationEvent event) throws KtmException {
            switch (event.notification()) {
                case SINGLE_PHASE_COMMIT ->
                    machine.device.mark(new Decided((Integer) Objects.requireNonNull(event.key())));
                case RECOVER -> {
                    var id = event.recovered().orElseThrow().enlistment();
                    var enlistment = handle.openEnlistment(id, EnlistmentRight.ALL.toArray(EnlistmentRight[]::new));
                    enlistment.recover(enlistment);
                    return Result.PENDING;
                }
                case INDOUBT -> inDoubt = (Enlistment) event.key();
                default -> {}
            }
            return Result.SUCCESS;
        }

        void takePart(int number) throws Exception {
            var transaction = (KtmTransaction) machine.ktm.transactionManager().getTransaction();
            machine.ktm
                    .manager()
                    .openTransaction(transaction.unitOfWork(), TransactionRight.ENLIST)
                    .enlistLast(handle, MASK, number)
                    .setRecoveryInformation(new byte[] {(byte) number});
        }

        /** The number of the transaction that is in doubt; -1 if none is. */
        int inDoubt() throws KtmException {
            return inDoubt == null ? -1 : inDoubt.recoveryInformation()[0];
        }

        void say(boolean committed) throws KtmException {
            var enlistment = Objects.requireNonNull(inDoubt);
            inDoubt = null;
            if (committed) {
                enlistment.commitComplete();
            } else {
                enlistment.rollback();
            }
        }

        @Override
        public void close() {
            handle.close();
            machine.close();
        }
    }

    /** Some transactions, and what every crash of them may leave. */
    private static final class Run {
        private final String name;
        private final SimulatedDevice device = new SimulatedDevice();
        private final SimulatedTree tree = new SimulatedTree(count -> device.mark(new TreePoint(count)));
        private final List<Map<String, String>> committed = new ArrayList<>();

        /** How often something was in doubt that was decided. */
        private final AtomicInteger decidedInDoubt = new AtomicInteger();

        /** How often something was in doubt that was not. */
        private final AtomicInteger undecidedInDoubt = new AtomicInteger();

        Run(String name, List<Work> works, int settleEvery) throws Exception {
            this.name = name;
            var machine = new SimulatedMachine(device, tree);
            try (var last = new LastResource(machine)) {
                tree.forgetHistory();
                device.forgetHistory();
                committed.add(tree.attributedTree());
                for (int i = 0; i < works.size(); i++) {
                    machine.ktm.transactionManager().begin();
                    if (isDecidedByLast(i)) {
                        last.takePart(i);
                    }
                    works.get(i).run(machine.files.fileSystem());
                    machine.ktm.transactionManager().commit();
                    committed.add(tree.attributedTree());
                    device.mark(new Acknowledged(i + 1));
                    if ((i + 1) % settleEvery == 0) {
                        machine.files.settle();
                    }
                }
            }
        }

        private static boolean isDecidedByLast(int number) {
            return number % 2 == 1;
        }

        /** Checks every crash. */
        Run check() {
            CrashStates.of(device.history()).atMostPerPoint(LOGS).forEach(state -> {
                for (int seed = 0; seed < TREES; seed++) {
                    try {
                        check(state, seed);
                    } catch (Exception | AssertionError e) {
                        throw new AssertionError(name + ", seed " + seed + ", after " + state, e);
                    }
                }
            });
            return this;
        }

        private void check(CrashState state, int seed) throws Exception {
            int point =
                    state.lastMark(TreePoint.class).map(TreePoint::operations).orElse(0);
            int acknowledged = state.lastMark(Acknowledged.class)
                    .map(Acknowledged::transactions)
                    .orElse(0);
            int decided =
                    state.lastMark(Decided.class).map(Decided::transaction).orElse(-1);
            var random = new SplittableRandom(31L * point + seed);
            SimulatedTree.Choice choice = seed == 0 ? bound -> bound - 1 : random::nextInt;
            var last = new LastResource(new SimulatedMachine(
                    new SimulatedDevice(state.image()), tree.survivor(point, choice, count -> {})));
            try {
                Map<String, String> expected;
                int inDoubt = last.inDoubt();
                if (inDoubt < 0) {
                    int least = Math.max(acknowledged, decided + 1);
                    boolean mayHaveMore = least < committed.size() - 1 && !isDecidedByLast(least);
                    expected = treeOf(last);
                    assertThat(committed.subList(least, least + (mayHaveMore ? 2 : 1)))
                            .contains(expected);
                } else {
                    boolean commits = inDoubt <= decided;
                    (commits ? decidedInDoubt : undecidedInDoubt).incrementAndGet();
                    assertThat(inDoubt).isBetween(acknowledged - 1, acknowledged);
                    for (int i = random.nextInt(3); i > 0; i--) {
                        last = afterPowerCut(last, random);
                        assertThat(last.inDoubt()).isEqualTo(inDoubt);
                    }
                    if (!commits) {
                        // It was not touched, and what it was to change can be read.
                        assertThat(treeOf(last)).isEqualTo(committed.get(inDoubt));
                    }
                    last.say(commits);
                    expected = committed.get(inDoubt + (commits ? 1 : 0));
                    assertThat(treeOf(last)).isEqualTo(expected);
                    assertTidy(last);
                    last = afterPowerCut(last, random);
                    // Its end was not forced: then it is asked once more.
                    if (last.inDoubt() >= 0) {
                        assertThat(last.inDoubt()).isEqualTo(inDoubt);
                        last.say(commits);
                    }
                    assertThat(treeOf(last)).isEqualTo(expected);
                }
                assertTidy(last);
                last = afterPowerCut(last, random);
                if (last.inDoubt() >= 0) {
                    last.say(last.inDoubt() <= decided);
                }
                assertThat(treeOf(last)).isEqualTo(expected);
                assertTidy(last);
            } finally {
                last.close();
            }
        }

        private static Map<String, String> treeOf(LastResource last) {
            return last.machine.tree.attributedTree();
        }

        private static void assertTidy(LastResource last) throws IOException {
            assertThat(last.machine.tree.working()).isZero();
            assertThat(last.machine.tree.setAside()).isEmpty();
        }

        private static LastResource afterPowerCut(LastResource last, SplittableRandom random) throws Exception {
            try (last) {
                return new LastResource(last.machine.afterPowerCut(random));
            }
        }
    }

    /** Each second one is about what the one before it has made, in every way that leaves a trace or none. */
    private static List<Work> works() {
        return List.of(
                files -> {
                    put(files, "/replaced", "one");
                    put(files, "/same", "as before");
                    put(files, "/deleted", "one");
                    put(files, "/long", "L".repeat(70_000));
                    put(files, "/long-deleted", "L".repeat(70_000));
                    put(files, "/becomes-directory", "one");
                    put(files, "/becomes-link", "one");
                    Files.createDirectory(files.getPath("/gone"));
                    put(files, "/gone/x", "one");
                    Files.createDirectory(files.getPath("/d"));
                    Files.createSymbolicLink(files.getPath("/link"), files.getPath("a"));
                },
                files -> {
                    put(files, "/replaced", "two");
                    put(files, "/same", "as before");
                    Files.delete(files.getPath("/deleted"));
                    put(files, "/long", "M".repeat(70_000));
                    Files.delete(files.getPath("/long-deleted"));
                    Files.delete(files.getPath("/becomes-directory"));
                    Files.createDirectory(files.getPath("/becomes-directory"));
                    Files.delete(files.getPath("/becomes-link"));
                    Files.createSymbolicLink(files.getPath("/becomes-link"), files.getPath("a"));
                    Files.delete(files.getPath("/gone/x"));
                    Files.delete(files.getPath("/gone"));
                    put(files, "/d/x", "two");
                },
                files -> {
                    // Of another kind, and next of that which it was.
                    Files.delete(files.getPath("/becomes-link"));
                    put(files, "/becomes-link", "three");
                    Files.delete(files.getPath("/becomes-directory"));
                    put(files, "/becomes-directory", "three");
                    Files.delete(files.getPath("/link"));
                    put(files, "/d/x", "three");
                    put(files, "/deleted", "three");
                },
                files -> {
                    Files.delete(files.getPath("/becomes-link"));
                    Files.createSymbolicLink(files.getPath("/becomes-link"), files.getPath("a"));
                    Files.delete(files.getPath("/becomes-directory"));
                    Files.createDirectory(files.getPath("/becomes-directory"));
                    Files.createSymbolicLink(files.getPath("/link"), files.getPath("a"));
                    Files.delete(files.getPath("/d/x"));
                    Files.delete(files.getPath("/d"));
                },
                files -> {
                    put(files, "/a", "five");
                    put(files, "/b", "five");
                },
                files -> Files.delete(files.getPath("/a")),
                files -> {
                    Files.createDirectory(files.getPath("/d"));
                    put(files, "/d/y", "seven");
                },
                files -> {
                    Files.move(files.getPath("/d/y"), files.getPath("/b"), StandardCopyOption.REPLACE_EXISTING);
                    CrashStatesTest.permit(files, "/d", "rwx------");
                    CrashStatesTest.setTime(files, "/replaced", 4);
                });
    }

    @Test
    @Conforms("TXF-DUR-05")
    void whatALastResourceHasDecidedIsDoneOverEveryCrash() throws Exception {
        for (int settleEvery : List.of(2, 100)) {
            var run = new Run("works, settled every " + settleEvery, works(), settleEvery).check();

            assertThat(run.decidedInDoubt.get()).isPositive();
            assertThat(run.undecidedInDoubt.get()).isPositive();
        }
    }

    private static int checkRandomRuns(long first, int runs) {
        return LongStream.range(first, first + runs)
                .parallel()
                .mapToInt(seed -> {
                    try {
                        return new Run(
                                        "random run of seed " + seed,
                                        CrashStatesTest.random(seed),
                                        2 + Math.floorMod(seed, 5))
                                .check()
                                .decidedInDoubt
                                .get();
                    } catch (Exception e) {
                        throw new AssertionError("random run of seed " + seed, e);
                    }
                })
                .sum();
    }

    @Test
    void whatALastResourceHasDecidedInRandomRunsIsDone() {
        assertThat(checkRandomRuns(1, RANDOM_RUNS)).isPositive();
    }

    /** Of these, torn content was put aside, a root did not open, and a file of two names was put aside that had its new content. */
    @ParameterizedTest
    @ValueSource(longs = {48_771_914_006_393L, 53_046_386_807_903L, 58_602_962_860_839L})
    void whatWentWrongOnceGoesWell(long seed) {
        assertThat(checkRandomRuns(seed, 1)).isPositive();
    }

    @Test
    @Tag("campaign")
    void whatALastResourceHasDecidedInManyRandomRunsIsDone() {
        assertThat(checkRandomRuns(System.nanoTime(), CAMPAIGN_RUNS)).isPositive();
    }
}
