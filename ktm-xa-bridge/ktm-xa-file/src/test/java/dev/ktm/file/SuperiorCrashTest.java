package dev.ktm.file;

import static dev.ktm.file.CrashScenario.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.file.CrashScenario.Work;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.CrashStates;
import dev.ktm.log.testing.SimulatedDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Crashes at every operation while another transaction manager decides about every second transaction. What it finds prepared after the
 * restart, or after one more crash, it commits or rolls back by its xid: then the tree is that with the transaction or that without it,
 * and stays so over one more crash.
 */
@Tag("slow")
class SuperiorCrashTest {

    private static final int LOGS = 3;
    private static final int TREES = 3;
    private static final int RANDOM_RUNS = 6;
    private static final int CAMPAIGN_RUNS = 1000;

    private record TreePoint(int operations) {}

    /** The superior has the vote of this transaction. */
    private record Voted(int transaction) {}

    /** The superior has decided to commit it. */
    private record Decided(int transaction) {}

    /** So many transactions are committed. */
    private record Acknowledged(int transactions) {}

    /** Some transactions, and what every crash of them may leave. */
    private static final class Run {
        private final String name;
        private final SimulatedDevice device = new SimulatedDevice();
        private final SimulatedTree tree = new SimulatedTree(count -> device.mark(new TreePoint(count)));
        private final List<Map<String, String>> committed = new ArrayList<>();
        private int inDoubt;

        Run(String name, List<Work> works) throws Exception {
            this.name = name;
            try (var machine = new SimulatedMachine(device, tree)) {
                tree.forgetHistory();
                device.forgetHistory();
                committed.add(tree.attributedTree());
                for (int i = 0; i < works.size(); i++) {
                    if (i % 2 == 0) {
                        machine.ktm.transactionManager().begin();
                        works.get(i).run(machine.files.fileSystem());
                        machine.ktm.transactionManager().commit();
                    } else {
                        commitForSuperior(machine, i, works.get(i));
                    }
                    committed.add(tree.attributedTree());
                    device.mark(new Acknowledged(i + 1));
                }
            }
        }

        private void commitForSuperior(SimulatedMachine machine, int number, Work work) throws Exception {
            var resource = machine.files.xaResource();
            var xid = new ForeignXid(number);
            resource.start(xid, XAResource.TMNOFLAGS);
            work.run(machine.files.fileSystem());
            resource.end(xid, XAResource.TMSUCCESS);
            if (resource.prepare(xid) == XAResource.XA_OK) {
                device.mark(new Voted(number));
                device.mark(new Decided(number));
                resource.commit(xid, false);
            }
        }

        /** Checks every crash; returns how often something was in doubt. */
        int check() {
            CrashStates.of(device.history()).atMostPerPoint(LOGS).forEach(state -> {
                for (int seed = 0; seed < TREES; seed++) {
                    try {
                        check(state, seed);
                    } catch (Exception | AssertionError e) {
                        throw new AssertionError(name + ", seed " + seed + ", after " + state, e);
                    }
                }
            });
            return inDoubt;
        }

        private void check(CrashState state, int seed) throws Exception {
            int point =
                    state.lastMark(TreePoint.class).map(TreePoint::operations).orElse(0);
            int before = state.lastMark(Acknowledged.class)
                    .map(Acknowledged::transactions)
                    .orElse(0);
            boolean voted = state.lastMark(Voted.class)
                    .filter(mark -> mark.transaction() == before)
                    .isPresent();
            boolean decided = state.lastMark(Decided.class)
                    .filter(mark -> mark.transaction() == before)
                    .isPresent();
            var random = new SplittableRandom(31L * point + seed);
            SimulatedTree.Choice choice = seed == 0 ? bound -> bound - 1 : random::nextInt;
            var machine =
                    new SimulatedMachine(new SimulatedDevice(state.image()), tree.survivor(point, choice, count -> {}));
            try {
                Map<String, String> expected;
                boolean rolledBack = false;
                if (prepared(machine).isEmpty()) {
                    assertThat(voted && !decided).as("it was prepared").isFalse();
                    expected = machine.tree.attributedTree();
                    assertThat(committed.subList(before + (decided ? 1 : 0), Math.min(before + 2, committed.size())))
                            .contains(expected);
                } else {
                    inDoubt++;
                    assertThat(machine.tree.attributedTree()).isEqualTo(committed.get(before));
                    for (int i = random.nextInt(3); i > 0; i--) {
                        machine = afterPowerCut(machine, random);
                        assertThat(machine.tree.attributedTree()).isEqualTo(committed.get(before));
                    }
                    boolean commits = decided || random.nextBoolean();
                    rolledBack = !commits;
                    decide(machine, before, commits);
                    expected = committed.get(before + (commits ? 1 : 0));
                    assertThat(machine.tree.attributedTree()).isEqualTo(expected);
                }
                machine = afterPowerCut(machine, random);
                if (rolledBack && !prepared(machine).isEmpty()) {
                    // A rollback is not forced: the superior is asked once more.
                    decide(machine, before, false);
                }
                assertThat(prepared(machine)).isEmpty();
                assertThat(machine.tree.attributedTree()).isEqualTo(expected);
                assertThat(machine.tree.working()).isZero();
                assertThat(machine.tree.setAside()).isEmpty();
            } finally {
                machine.close();
            }
        }

        private static SimulatedMachine afterPowerCut(SimulatedMachine machine, SplittableRandom random)
                throws IOException {
            try (machine) {
                return machine.afterPowerCut(random);
            }
        }

        private static List<Xid> prepared(SimulatedMachine machine) throws Exception {
            return List.of(machine.files.xaResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN));
        }

        private static void decide(SimulatedMachine machine, int number, boolean commits) throws Exception {
            var all = prepared(machine);
            assertThat(all).hasSize(1);
            assertThat(all.get(0).getGlobalTransactionId()).containsExactly(number);
            if (commits) {
                machine.files.xaResource().commit(all.get(0), false);
            } else {
                machine.files.xaResource().rollback(all.get(0));
            }
        }
    }

    /** Each second one is about what the one before it has made. */
    private static List<Work> works() {
        return List.of(
                files -> {
                    put(files, "/deleted", "one");
                    put(files, "/permitted", "one");
                    put(files, "/moved", "one");
                    put(files, "/twice", "one");
                    Files.createDirectory(files.getPath("/d"));
                    Files.createDirectory(files.getPath("/gone"));
                    Files.createSymbolicLink(files.getPath("/link"), files.getPath("a"));
                },
                files -> {
                    Files.delete(files.getPath("/deleted"));
                    Files.delete(files.getPath("/gone"));
                    Files.delete(files.getPath("/link"));
                    CrashStatesTest.permit(files, "/permitted", "rw-------");
                    CrashStatesTest.permit(files, "/d", "rwx------");
                    put(files, "/d/x", "two");
                },
                files -> {
                    put(files, "/permitted", "three");
                    put(files, "/d/x", "three");
                },
                files -> {
                    CrashStatesTest.setTime(files, "/permitted", 4);
                    Files.move(files.getPath("/moved"), files.getPath("/d/moved"));
                    Files.move(files.getPath("/d/x"), files.getPath("/twice"), StandardCopyOption.REPLACE_EXISTING);
                },
                files -> {
                    put(files, "/twice", "five");
                    put(files, "/d/moved", "five");
                },
                files -> {
                    Files.createLink(files.getPath("/again"), files.getPath("/twice"));
                    put(files, "/d/moved", "six");
                },
                files -> put(files, "/again", "seven"),
                files -> put(files, "/twice", "eight"));
    }

    @Test
    @Conforms("TXF-DUR-05")
    void whatIsInDoubtIsDoneAsItIsDecidedOverEveryCrash() throws Exception {
        assertThat(new Run("works", works()).check()).isPositive();
    }

    private static int checkRandomRuns(long first, int runs) {
        return LongStream.range(first, first + runs)
                .parallel()
                .mapToInt(seed -> {
                    try {
                        return new Run("random run of seed " + seed, CrashStatesTest.random(seed)).check();
                    } catch (Exception e) {
                        throw new AssertionError("random run of seed " + seed, e);
                    }
                })
                .sum();
    }

    @Test
    void whatIsInDoubtInRandomRunsIsDoneAsItIsDecided() {
        assertThat(checkRandomRuns(1, RANDOM_RUNS)).isPositive();
    }

    @Test
    @Tag("campaign")
    void whatIsInDoubtInManyRandomRunsIsDoneAsItIsDecided() {
        assertThat(checkRandomRuns(System.nanoTime(), CAMPAIGN_RUNS)).isPositive();
    }
}
