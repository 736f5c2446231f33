package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Power cuts at every write to the log and to the checkpoints while a last resource decides about every second transaction, further ones
 * while its decision is in doubt, and checkpoints meanwhile. What is in doubt cannot be seen, and once the last resource says what it has
 * decided the registry is that with the transaction or that without it, and stays so.
 */
@Tag("slow")
@Timeout(900)
class LastResourceCrashTest {

    private static final int STATES_PER_POINT = 6;
    private static final int TRANSACTIONS = 8;
    private static final int MOST_ACTS = 5;
    private static final int RUNS = 2;
    private static final int CAMPAIGN_RUNS = 300;

    /** The last resource has committed, and with it this transaction. */
    private record Decided(int transaction) {}

    /** So many transactions are committed. */
    private record Acknowledged(int transactions) {}

    /** Part of the registry's disk, and what cannot prepare. */
    private static final class Machine implements AutoCloseable {
        private static final UUID ID = UUID.nameUUIDFromBytes(new byte[] {1});
        private static final NotificationMask MASK = NotificationMask.of(
                Notification.PREPARE,
                Notification.COMMIT,
                Notification.ROLLBACK,
                Notification.SINGLE_PHASE_COMMIT,
                Notification.RECOVER,
                Notification.LAST_RECOVER,
                Notification.INDOUBT);

        private final SimulatedDevice disk;
        private final Site site;
        private final ResourceManager last;
        private @Nullable Enlistment inDoubt;

        Machine(SimulatedDevice disk) throws Exception {
            this.disk = disk;
            this.site = new Site(OneDisk.log(disk), OneDisk.files(disk), options -> {});
            this.last = site.ktm().manager().createResourceManager(ID, "last", Durability.DURABLE);
            last.setHandler(this::handle);
            last.recover();
        }

        private Result handle(NotificationEvent event) throws KtmException {
            switch (event.notification()) {
                case SINGLE_PHASE_COMMIT -> disk.mark(new Decided((Integer) Objects.requireNonNull(event.key())));
                case RECOVER -> {
                    var id = event.recovered().orElseThrow().enlistment();
                    var enlistment = last.openEnlistment(id, EnlistmentRight.ALL.toArray(EnlistmentRight[]::new));
                    enlistment.recover(enlistment);
                    return Result.PENDING;
                }
                case INDOUBT -> inDoubt = (Enlistment) event.key();
                default -> {}
            }
            return Result.SUCCESS;
        }

        void takePart(KtmTransaction transaction, int number) throws Exception {
            site.ktm()
                    .manager()
                    .openTransaction(transaction.unitOfWork(), TransactionRight.ENLIST)
                    .enlistLast(last, MASK, number)
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

        Map<String, String> content() throws Exception {
            return Site.contentOf(site.root());
        }

        /** The same after a power cut at this moment. */
        Machine afterPowerCut(SplittableRandom random) throws Exception {
            var found = new SimulatedDevice[1];
            int at = disk.point();
            CrashStates.of(disk.history())
                    .from(at)
                    .upTo(at)
                    .sample(random.nextLong(), 1, state -> found[0] = new SimulatedDevice(state.image()));
            close();
            return new Machine(Objects.requireNonNull(found[0]));
        }

        @Override
        public void close() {
            last.close();
            site.close();
        }
    }

    /** Some transactions, and what every power cut during them may leave. */
    private static final class Run {
        private final SimulatedDevice disk = new SimulatedDevice();
        private final List<Map<String, String>> committed = new ArrayList<>();
        private int decidedInDoubt;
        private int undecidedInDoubt;

        Run(long seed) throws Exception {
            var random = new SplittableRandom(seed);
            try (var machine = new Machine(disk)) {
                disk.forgetHistory();
                committed.add(machine.content());
                for (int i = 0; i < TRANSACTIONS; i++) {
                    var transaction = machine.site.begin();
                    if (isDecidedByLast(i)) {
                        machine.takePart(transaction, i);
                    }
                    work(machine.site.registry(), transaction, i, random);
                    machine.site.commit();
                    committed.add(machine.content());
                    disk.mark(new Acknowledged(i + 1));
                    if (random.nextInt(3) == 0) {
                        machine.site.registry().checkpoint();
                    }
                }
            }
        }

        private static boolean isDecidedByLast(int number) {
            return number % 2 == 1;
        }

        /** What cannot be done is answered, and done by nobody. */
        private static void work(Registry registry, KtmTransaction transaction, int number, SplittableRandom random)
                throws Exception {
            new Act(Act.Kind.SET, "", "always", "transaction " + number).on(registry, transaction);
            var kinds = List.of(
                    Act.Kind.SET,
                    Act.Kind.SET,
                    Act.Kind.UNSET,
                    Act.Kind.CREATE,
                    Act.Kind.CREATE,
                    Act.Kind.DELETE,
                    Act.Kind.DELETE_TREE,
                    Act.Kind.RENAME);
            for (int i = random.nextInt(MOST_ACTS); i >= 0; i--) {
                var keys = Site.contentOf(registry.root(transaction)).keySet().stream()
                        .filter(path -> path.endsWith("\\"))
                        .toList();
                var key = keys.get(random.nextInt(keys.size()));
                var path = key.length() < 2 ? "" : key.substring(1, key.length() - 1);
                var name = List.of("a", "b", "c", "A").get(random.nextInt(4));
                new Act(kinds.get(random.nextInt(kinds.size())), path, name, "text " + random.nextInt(1000))
                        .on(registry, transaction);
            }
        }

        void check() {
            CrashStates.of(disk.history()).atMostPerPoint(STATES_PER_POINT).forEach(state -> {
                try {
                    check(state);
                } catch (Exception e) {
                    throw new AssertionError(state.description(), e);
                }
            });
        }

        private void check(CrashState state) throws Exception {
            int acknowledged = state.lastMark(Acknowledged.class)
                    .map(Acknowledged::transactions)
                    .orElse(0);
            int decided =
                    state.lastMark(Decided.class).map(Decided::transaction).orElse(-1);
            var random = new SplittableRandom(state.description().hashCode());
            var machine = new Machine(new SimulatedDevice(state.image()));
            try {
                int inDoubt = machine.inDoubt();
                Map<String, String> expected;
                if (inDoubt < 0) {
                    int least = Math.max(acknowledged, decided + 1);
                    boolean mayHaveMore = least < committed.size() - 1 && !isDecidedByLast(least);
                    expected = machine.content();
                    assertThat(committed.subList(least, least + (mayHaveMore ? 2 : 1)))
                            .contains(expected);
                } else {
                    boolean commits = inDoubt <= decided;
                    assertThat(inDoubt).isBetween(acknowledged - 1, acknowledged);
                    machine = whileInDoubt(machine, inDoubt, random);
                    machine.say(commits);
                    expected = committed.get(inDoubt + (commits ? 1 : 0));
                    if (commits) {
                        decidedInDoubt++;
                    } else {
                        undecidedInDoubt++;
                    }
                }
                for (int i = 0; i < 2; i++) {
                    assertThat(machine.content()).isEqualTo(expected);
                    assertThat(machine.site.registry().main().locks().isEmpty()).isTrue();
                    if (random.nextBoolean()) {
                        machine.site.registry().checkpoint();
                    }
                    machine = machine.afterPowerCut(random);
                    // Its end was not forced: then it is asked once more.
                    if (machine.inDoubt() >= 0) {
                        machine.say(machine.inDoubt() <= decided);
                    }
                }
                assertThat(machine.content()).isEqualTo(expected);
            } finally {
                machine.close();
            }
        }

        private Machine whileInDoubt(Machine first, int inDoubt, SplittableRandom random) throws Exception {
            var machine = first;
            for (int i = random.nextInt(3); i >= 0; i--) {
                assertThat(machine.inDoubt()).isEqualTo(inDoubt);
                assertThat(machine.content()).isEqualTo(committed.get(inDoubt));
                if (random.nextBoolean()) {
                    machine.site.registry().checkpoint();
                }
                if (i > 0) {
                    machine = machine.afterPowerCut(random);
                }
            }
            return machine;
        }
    }

    private static void checkRuns(long first, int runs) {
        LongStream.range(first, first + runs).parallel().forEach(seed -> {
            try {
                var run = new Run(seed);
                run.check();
                assertThat(run.decidedInDoubt).isPositive();
                assertThat(run.undecidedInDoubt).isPositive();
            } catch (Exception | AssertionError e) {
                throw new AssertionError("run of seed " + seed, e);
            }
        });
    }

    @Test
    void whatALastResourceHasDecidedIsDoneOverEveryPowerCut() {
        checkRuns(2, RUNS);
    }

    @Test
    @Tag("campaign")
    @Timeout(3_600)
    void whatALastResourceHasDecidedInManyRunsIsDone() {
        checkRuns(System.nanoTime(), CAMPAIGN_RUNS);
    }
}
