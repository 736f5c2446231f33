package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import java.nio.file.Path;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the tool says of a coordinator that runs, and has it do. */
class RunningCoordinatorTest {

    @TempDir
    private Path directory;

    @Test
    @Conforms({"OPS-01", "OPS-13"})
    void coordinatorsAreListedWithIdentityAndLogPath() throws Exception {
        try (var site = new Site(directory.resolve("one"));
                var other = new Site(directory.resolve("two"), site.channels)) {
            var spoken = site.ask("list", "tms");

            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(spoken.out().lines()).hasSize(3);
            for (var each : new Site[] {site, other}) {
                assertThat(spoken.out().lines())
                        .anyMatch(line -> line.startsWith(identity(each))
                                && line.endsWith(each.log.toString())
                                && line.contains("online"));
            }
        }
    }

    private static String identity(Site site) {
        try {
            return site.ktm.manager().identity().toString();
        } catch (dev.ktm.rm.KtmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @Conforms({"OPS-02", "OPS-15"})
    void transactionsOfAllOrOfOneAreListed() throws Exception {
        try (var site = new Site(directory.resolve("one"));
                var other = new Site(directory.resolve("two"), site.channels)) {
            site.prepareUnderSuperior("order-1");
            other.ktm.userTransaction().begin();
            var begun = ((dev.ktm.tm.KtmTransaction)
                            other.ktm.transactionManager().getTransaction())
                    .unitOfWork()
                    .toString();

            var all = site.ask("list", "transactions");
            var ofOther =
                    site.ask("list", "transactions", "--tm", identity(other).substring(0, 8));
            var json = site.ask("list", "transactions", "--json").json();

            assertThat(all.code()).isEqualTo(ExitCode.WRONG.number());
            assertThat(all.out().lines()).hasSize(3);
            assertThat(all.out().lines().findFirst().orElseThrow())
                    .contains("UNIT OF WORK", "STATE", "OUTCOME", "AGE", "COORDINATOR");
            assertThat(all.out()).contains(begun, identity(site), identity(other), "active", "undetermined");
            assertThat(ofOther.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(ofOther.out().lines()).hasSize(2).anyMatch(line -> line.startsWith(begun));
            assertThat(json)
                    .hasSize(2)
                    .allSatisfy(row -> assertThat(row.fieldNames())
                            .toIterable()
                            .contains("manager", "unitOfWork", "description", "state", "outcome", "ageMillis"));
            other.ktm.userTransaction().rollback();
        }
    }

    @Test
    void aCoordinatorIsChosenByItsNameOrItsLog() throws Exception {
        try (var site = new Site(directory)) {
            assertThat(site.ask("list", "transactions", "--tm", "shop").code()).isEqualTo(ExitCode.DONE.number());
            assertThat(site.ask("list", "transactions", "--log", site.log.toString())
                            .out())
                    .contains("no transaction");
            assertThat(site.ask("list", "tms", "--log", site.log.toString()).out())
                    .contains("online");
            assertThat(site.ask("list", "transactions", "--tm", "bakery").code())
                    .isEqualTo(ExitCode.NOT_FOUND.number());
        }
    }

    @Test
    void ofSeveralCoordinatorsOneHasToBeNamed() throws Exception {
        try (var site = new Site(directory.resolve("one"));
                var other = new Site(directory.resolve("two"), site.channels)) {
            var spoken = site.ask("recover");

            assertThat(spoken.code()).isEqualTo(ExitCode.USAGE.number());
            assertThat(spoken.err()).contains(identity(site), identity(other), "--tm");
        }
    }

    @Test
    void aTransactionIsFoundInWhicheverCoordinatorHasIt() throws Exception {
        try (var site = new Site(directory.resolve("one"));
                var other = new Site(directory.resolve("two"), site.channels)) {
            other.prepareUnderSuperior("order-1");
            var unit = other.onlyTransaction();

            var page = site.ask("show", unit.substring(0, 8));

            assertThat(page.code()).isEqualTo(ExitCode.WRONG.number());
            assertThat(page.out()).contains(unit, "orders", "stock", "history", "next step");
        }
    }

    @Test
    void theOwnersStackIsShown() throws Exception {
        try (var site = new Site(directory)) {
            site.ktm.userTransaction().begin();

            var page = site.ask("show", site.onlyTransaction());

            assertThat(page.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(page.out())
                    .contains("owner", "thread " + Thread.currentThread().getName(), "theOwnersStackIsShown");
            site.ktm.userTransaction().rollback();
        }
    }

    @Test
    void aResourceManagerThatCannotBeReachedIsShown() throws Exception {
        try (var site = new Site(directory)) {
            site.stock.gone = true;
            site.ask("recover");

            var listed = site.ask("list", "rms");
            var doctor = site.ask("doctor");

            assertThat(listed.code()).isEqualTo(ExitCode.WRONG.number());
            assertThat(listed.out()).contains("orders", "stock", "connection refused");
            assertThat(doctor.code()).isEqualTo(ExitCode.WRONG.number());
            assertThat(doctor.out()).contains("fault", "resource manager stock", "'ktm recover' asks again");
        }
    }

    @Test
    void aTerminalObeysNothingThatOthersHaveWritten() throws Exception {
        try (var site = new Site(directory)) {
            site.ktm
                    .manager()
                    .createTransaction(
                            dev.ktm.tm.TransactionOptions.DEFAULT.withDescription("\u001B[2J\u001B[Hforged"));

            var page = Spoken.run(
                    "",
                    true,
                    java.util.Map.of("KTM_CHANNELS", site.channels.toString()),
                    "show",
                    site.onlyTransaction());

            assertThat(page.out())
                    .contains("forged")
                    .doesNotContain("\u001B[2J")
                    .doesNotContain("\u001B[H");
        }
    }

    @Test
    void aLogGrowsWhileItIsAtWork() throws Exception {
        try (var site = new Site(directory)) {
            var before = site.ktm.manager().log().orElseThrow().containers();

            var spoken = site.ask("log", "grow", "--containers", "3");
            var json = site.ask("log", "grow", "--json").json();

            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(spoken.out()).startsWith("The log has 5 MiB now, ");
            assertThat(json.at("/log/capacityBytes").asLong()).isEqualTo(7L << 20);
            assertThat(site.ktm.manager().log().orElseThrow().containers())
                    .hasSize(before.size() + 5)
                    .containsAll(before);
            site.restart();
            assertThat(site.ktm.manager().log().orElseThrow().containers()).hasSize(before.size() + 5);
        }
    }

    @Test
    void aLogDoesNotGrowByNothingOrByTooMuch() throws Exception {
        try (var site = new Site(directory)) {
            for (var number : new String[] {"0", "-1", "1001", "2147483648", "many"}) {
                var spoken = site.ask("log", "grow", "--containers", number);

                assertThat(spoken.code()).as(number).isEqualTo(ExitCode.USAGE.number());
                assertThat(spoken.err()).contains(number);
            }
            assertThat(site.ktm.manager().log().orElseThrow().containers()).hasSize(2);
        }
    }

    @Test
    void doctorFindsNothingWhereNothingIsWrong() throws Exception {
        try (var site = new Site(directory)) {
            var spoken = site.ask("doctor");

            assertThat(spoken.out()).doesNotContain("fault  ");
            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
        }
    }

    @Test
    void nothingDangerousIsDoneUnlessItIsSaidToBeMeant() throws Exception {
        try (var site = new Site(directory)) {
            site.prepareUnderSuperior("order-1");
            var unit = site.onlyTransaction();

            assertThat(site.ask("resolve", "commit", unit).code()).isEqualTo(ExitCode.USAGE.number());
            assertThat(site.ask("resolve", "commit", unit, "--yes").code()).isEqualTo(ExitCode.USAGE.number());
            assertThat(site.ask("resolve", "commit", unit, "--reason", "it said so")
                            .code())
                    .isEqualTo(ExitCode.USAGE.number());
            assertThat(site.askAnswering("it said so\nno\n", "resolve", "commit", unit)
                            .code())
                    .isEqualTo(ExitCode.REFUSED.number());
            assertThat(site.askAnswering("\n", "resolve", "commit", unit).code())
                    .isEqualTo(ExitCode.USAGE.number());

            assertThat(site.onlyTransaction()).isEqualTo(unit);
            assertThat(site.ask("list", "acts").out()).contains("no operator has done anything");
        }
    }

    @Test
    void whatIsDangerousIsShownBeforeItIsAsked() throws Exception {
        try (var site = new Site(directory)) {
            site.prepareUnderSuperior("order-1");
            var unit = site.onlyTransaction();

            var spoken = site.askAnswering("it said so\nyes\n", "resolve", "commit", unit.substring(0, 10));

            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(spoken.out())
                    .containsSubsequence(
                            unit,
                            "orders",
                            "stock",
                            "This will commit it, as if",
                            "Why?",
                            "Do it?",
                            "Done, and recorded");
            assertThat(site.orders.prepared).isEmpty();
            assertThat(site.stock.prepared).isEmpty();
            assertThat(site.ask("list", "acts").out()).contains("it said so", "(ktm)", unit);
        }
    }

    @Test
    void aDamagedTransactionIsForgottenWithAReason() throws Exception {
        try (var site = new Site(directory)) {
            site.commitWhileStockAnswers(XAException.XA_HEURRB);
            var unit = site.ask("list", "damaged", "--json")
                    .json()
                    .at("/0/unitOfWork")
                    .asText();

            var spoken = site.ask("forget", unit, "--yes", "--reason", "counted by hand");

            assertThat(spoken.err()).isEmpty();
            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(site.ask("list", "damaged").out()).contains("nothing is damaged");
            assertThat(site.ask("list", "acts").out()).contains("forget", "counted by hand");
        }
    }

    @Test
    void aParticipantThatNeverAnswersIsCompleted() throws Exception {
        try (var site = new Site(directory)) {
            site.commitAndLeaveStockAnswering(XAException.XAER_RMFAIL);
            var unit = site.onlyTransaction();
            var stock = site.ask("show", unit, "--json").json().at("/participants");
            var enlistment = "";
            for (var each : stock) {
                enlistment = Tables.owes(each) ? each.path("id").asText() : enlistment;
            }

            var spoken = site.ask("resolve", "complete", unit, enlistment, "--yes", "--reason", "the database is lost");

            assertThat(spoken.err()).isEmpty();
            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(site.ask("list", "transactions").out()).contains("no transaction");
            assertThat(site.ask("list", "acts").out()).contains("complete", enlistment, "the database is lost");
        }
    }

    @Test
    void anActiveTransactionIsRolledBackAndItsClientIsTold() throws Exception {
        try (var site = new Site(directory)) {
            site.ktm.userTransaction().begin();
            var unit = site.onlyTransaction();

            var spoken = site.ask("rollback", unit, "--yes", "--reason", "it holds a lock since noon");

            assertThat(spoken.err()).isEmpty();
            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
            assertThatThrownBy(() -> site.ktm.userTransaction().commit())
                    .isInstanceOf(jakarta.transaction.RollbackException.class);
            assertThat(site.ask("list", "acts").out()).contains("rollback", "it holds a lock since noon");
        }
    }

    @Test
    void watchingPrintsALineForEachTime() throws Exception {
        try (var site = new Site(directory)) {
            site.prepareUnderSuperior("order-1");

            var lines = site.ask("watch", "--interval", "0", "--count", "3");
            var json = site.ask("watch", "--interval", "0", "--count", "2", "--json");
            var drawn = site.askAnswering("", "watch", "--interval", "0", "--count", "2");

            assertThat(lines.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(lines.out().lines())
                    .hasSize(3)
                    .allMatch(line -> line.contains(identity(site)) && line.contains("in doubt 1"));
            assertThat(json.out().lines()).hasSize(2).allMatch(line -> line.contains("\"isInDoubt\":true"));
            assertThat(drawn.out()).contains("\u001B[H\u001B[2J", "UNIT OF WORK", "COORDINATOR");
        }
    }

    @Test
    void nothingOfOthersIsObeyedByTheTerminal() throws Exception {
        try (var site = new Site(directory)) {
            site.stock.gone = true;
            site.stock.complaint = "\u001B[2Jno\nfault  forged\u202E";
            site.ask("recover");

            var spoken = site.askAnswering("", "list", "rms");

            assertThat(spoken.out()).contains("\\u001b[2Jno\\nfault  forged\\u202e");
            assertThat(spoken.out()).doesNotContain("\u001B");
        }
    }

    @Test
    void coloursAreOnlyOnATerminalThatWantsThem() throws Exception {
        try (var site = new Site(directory)) {
            site.prepareUnderSuperior("order-1");
            var words = new String[] {"list", "transactions", "--channels", site.channels.toString()};

            assertThat(Spoken.run("", true, java.util.Map.of(), words).out())
                    .contains("\u001B[31;1mprepared, in doubt");
            assertThat(Spoken.run("", true, java.util.Map.of("NO_COLOR", "1"), words)
                            .out())
                    .doesNotContain("\u001B");
            assertThat(Spoken.run("", true, java.util.Map.of("TERM", "dumb"), words)
                            .out())
                    .doesNotContain("\u001B");
            assertThat(Spoken.run("", false, java.util.Map.of(), words).out()).doesNotContain("\u001B");
        }
    }
}
