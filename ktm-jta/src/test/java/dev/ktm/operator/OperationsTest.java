package dev.ktm.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionState;
import dev.ktm.testing.SimulatedDatabase;
import dev.ktm.tm.TransactionInspection;
import jakarta.transaction.RollbackException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.transaction.xa.XAException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What operators see of a coordinator and do with it. */
class OperationsTest {

    private static final String WHO = "jane";
    private static final String WHY = "its disk is gone";

    private final SimulatedDevice device = new SimulatedDevice();

    @AutoClose
    private final Ktm ktm = open(device);

    private final Operations operations = ktm.operations();
    private final SimulatedDatabase orders = new SimulatedDatabase("orders");
    private final SimulatedDatabase stock = new SimulatedDatabase("stock");

    private static Ktm open(SimulatedDevice device) {
        return Ktm.open(KtmOptions.builder()
                .device(device)
                .nodeName("east")
                .recoveryInterval(Duration.ofHours(1))
                .build());
    }

    @BeforeEach
    void register() {
        ktm.register("orders", orders::connect);
        ktm.register("stock", stock::connect);
        ktm.recoverNow();
    }

    private void begin() throws Exception {
        ktm.transactionManager().begin();
        for (var database : List.of(orders, stock)) {
            var connection = database.connect();
            ktm.transactionManager().getTransaction().enlistResource(connection);
            connection.put("a");
        }
    }

    /** A transaction that is committed, and that stock has not committed and is not asked for. */
    private TransactionView pending() throws Exception {
        begin();
        ktm.unregister("stock");
        stock.failNext(SimulatedDatabase.Call.COMMIT, XAException.XAER_RMFAIL);
        ktm.transactionManager().commit();
        return operations.transactions().get(0);
    }

    private static OperatorException.Code codeOf(ThrowingCallable call) {
        return catchThrowableOfType(OperatorException.class, call).code();
    }

    @Test
    @Conforms("OPS-15")
    void everyTransactionIsListedWithWhatIsNeededToKnowIt() throws Exception {
        begin();

        var listed = operations.transactions();

        assertThat(listed).singleElement().satisfies(each -> {
            assertThat(each.state()).isEqualTo(TransactionState.ACTIVE);
            assertThat(each.timeLeft()).isPresent();
            assertThat(each.begun()).isPresent();
            assertThat(each.history()).hasSize(1);
            assertThat(each.owner().orElseThrow().thread())
                    .isEqualTo(Thread.currentThread().getName());
            assertThat(each.nextStep()).contains("its client commits it");
            assertThat(each.participants()).hasSize(2).allSatisfy(participant -> {
                assertThat(participant.kind()).isEqualTo(TransactionInspection.Kind.XA);
                assertThat(participant.resourceManager()).isIn("orders", "stock");
                assertThat(participant.branch().orElseThrow()).startsWith(0x4B544D31 + ":");
            });
        });
        assertThat(Json.of(listed))
                .contains("\"unitOfWork\":\"", "\"description\":\"", "\"state\":\"ACTIVE\"")
                .contains("\"outcome\":\"UNDETERMINED\"", "\"ageMillis\":");
        ktm.transactionManager().rollback();
    }

    @Test
    void theStackOfItsOwnerIsShownOfOne() throws Exception {
        begin();
        var unit = operations.transactions().get(0).unitOfWork();

        var one = operations.transaction(unit.toString().substring(0, 13));

        assertThat(one.owner().orElseThrow().stack()).anyMatch(call -> call.contains("theStackOfItsOwnerIsShownOfOne"));
        ktm.transactionManager().rollback();
    }

    @Test
    @Conforms("OPS-02")
    void eachCoordinatorListsItsOwnTransactions() throws Exception {
        begin();
        try (var other = open(new SimulatedDevice())) {
            other.transactionManager().begin();

            assertThat(operations.transactions()).hasSize(1);
            assertThat(other.operations().transactions())
                    .singleElement()
                    .satisfies(each -> assertThat(each.unitOfWork())
                            .isNotEqualTo(operations.transactions().get(0).unitOfWork()));
            assertThat(operations.enlistments()).hasSize(2);
            assertThat(other.operations().enlistments()).isEmpty();
            other.transactionManager().rollback();
        }
        ktm.transactionManager().rollback();
    }

    @Test
    @Conforms("OPS-01")
    void aCoordinatorIsShownWithItsIdentityAndItsLog() throws Exception {
        var pending = pending();

        var manager = operations.manager();

        assertThat(manager.identity()).isEqualTo(ktm.manager().identity());
        assertThat(manager.logPath()).isEqualTo(ktm.manager().logPath()).isPresent();
        assertThat(manager.name()).isEqualTo("east");
        assertThat(manager.isOnline()).isTrue();
        assertThat(manager.live()).isEqualTo(1);
        assertThat(manager.unfinished()).isEqualTo(1);
        assertThat(manager.log()).hasValueSatisfying(log -> {
            assertThat(log.usedShare()).isBetween(0.0, 1.0);
            assertThat(log.capacityBytes()).isPositive();
            assertThat(log.lastLsn()).isPresent();
            assertThat(log.oldestUnfinished()).contains(pending.unitOfWork());
        });
    }

    @Test
    @Conforms("OPS-04")
    void oneEnlistmentIsAcknowledgedAndTheTransactionEndsWithTheLast() throws Exception {
        var pending = pending();
        assertThat(pending.nextStep()).contains("stock has to commit");
        assertThat(pending.lastReport().orElseThrow().kind()).isEqualTo(OutcomeReport.Kind.PENDING);
        assertThat(operations.resourceManagers()).anySatisfy(each -> {
            assertThat(each.name()).isEqualTo("stock");
            assertThat(each.pending()).isEqualTo(1);
            assertThat(each.isRegistered()).isFalse();
        });
        assertThat(operations.resourceManagers()).anySatisfy(each -> {
            assertThat(each.name()).isEqualTo("orders");
            assertThat(each.isRegistered()).isTrue();
            assertThat(each.product()).contains("SimulatedDatabase");
            assertThat(each.lastAsked()).isPresent();
            assertThat(each.error()).isEmpty();
        });
        var late = pending.participants().stream()
                .filter(each -> each.resourceManager().equals("stock"))
                .findAny()
                .orElseThrow();
        var unit = pending.unitOfWork().toString();
        assertThat(codeOf(() -> operations.complete(unit, "ffffffff-", WHO, WHY)))
                .isEqualTo(OperatorException.Code.NOT_FOUND);
        assertThat(codeOf(() -> operations.complete(unit, "", WHO, WHY))).isEqualTo(OperatorException.Code.NOT_FOUND);

        operations.complete(unit, late.id().toString(), WHO, WHY);

        assertThat(operations.transactions()).isEmpty();
        assertThat(operations.acts())
                .singleElement()
                .satisfies(act -> assertThat(act.who()).isEqualTo(WHO));
    }

    @Test
    @Conforms("OPS-09")
    void anActiveTransactionIsRolledBackAndTheNextCallOfItsClientFails() throws Exception {
        begin();
        var unit = operations.transactions().get(0).unitOfWork().toString();

        operations.rollback(unit, WHO, WHY);

        assertThat(orders.branches()).isZero();
        var refused = catchThrowableOfType(
                RollbackException.class, () -> ktm.transactionManager().commit());
        assertThat(refused).hasStackTraceContaining(WHY);
    }

    @Test
    @Conforms("OPS-14")
    void onlyWhatIsDamagedAndHasEndedIsForgotten() throws Exception {
        begin();
        var healthy = operations.transactions().get(0).unitOfWork().toString();
        assertThat(codeOf(() -> operations.forget(healthy, WHO, WHY))).isEqualTo(OperatorException.Code.REFUSED);
        assertThat(codeOf(() -> operations.forget("0000", WHO, WHY))).isEqualTo(OperatorException.Code.NOT_FOUND);
        stock.onNext(SimulatedDatabase.Call.COMMIT, after -> {
            if (!after) {
                stock.decideHeuristically(false, XAException.XA_HEURRB);
            }
        });
        var unused = catchThrowableOfType(
                Exception.class, () -> ktm.transactionManager().commit());
        assertThat(operations.damaged()).singleElement().satisfies(each -> {
            assertThat(each.unitOfWork().toString()).isEqualTo(healthy);
            assertThat(each.damage().get(0).decision()).isEqualTo(HeuristicDecision.ROLLBACK);
        });

        operations.forget(healthy.substring(0, 8), WHO, WHY);

        assertThat(operations.damaged()).isEmpty();
        assertThat(operations.acts()).hasSize(1);
    }

    @Test
    void anIdHasToSayWhichTransactionIsMeant() throws Exception {
        begin();
        var transaction = operations.transactions().get(0);
        var id = transaction.id().orElseThrow().toString();

        assertThat(operations.transaction(id).unitOfWork()).isEqualTo(transaction.unitOfWork());
        assertThat(codeOf(() -> operations.transaction(" "))).isEqualTo(OperatorException.Code.USAGE);
        assertThat(codeOf(() -> operations.transaction("no such"))).isEqualTo(OperatorException.Code.NOT_FOUND);
        var suspended = ktm.transactionManager().suspend();
        begin();
        // Both begin with the identity of the coordinator.
        assertThat(codeOf(() -> operations.transaction(id.substring(0, 20)))).isEqualTo(OperatorException.Code.USAGE);
        ktm.transactionManager().rollback();
        ktm.transactionManager().resume(suspended);
        ktm.transactionManager().rollback();
    }

    @Test
    void everyVerbThatChangesSomethingNeedsAReason() {
        for (var verb : Set.of(
                "forget",
                "complete",
                "rollback",
                "resolve-commit",
                "resolve-rollback",
                "force-commit",
                "force-rollback",
                "commit-in-place-of-last",
                "rollback-in-place-of-last")) {
            var request = new OperatorRequest(verb, Map.of("id", "1", "enlistment", "1"), WHO);

            assertThat(codeOf(() -> operations.answer(request))).as(verb).isEqualTo(OperatorException.Code.USAGE);
        }
        assertThat(codeOf(() -> operations.answer(new OperatorRequest("no-such", Map.of(), WHO))))
                .isEqualTo(OperatorException.Code.USAGE);
        assertThat(codeOf(() -> operations.answer(new OperatorRequest("registry.query", Map.of(), WHO))))
                .isEqualTo(OperatorException.Code.NOT_FOUND);
    }

    @Test
    void anAreaIsAnsweredForUntilItIsWithdrawn() throws Exception {
        OperatorArea area = request -> request.verb() + " " + request.require("path");
        operations.contribute("files", "one", area);
        var request = new OperatorRequest("files.locked", Map.of("path", "/a"), WHO);

        assertThat(operations.answer(request)).isEqualTo("locked /a");
        operations.withdraw("files", "one", other -> "");
        assertThat(operations.answer(request)).isEqualTo("locked /a");
        operations.withdraw("files", "one", area);
        assertThat(codeOf(() -> operations.answer(request))).isEqualTo(OperatorException.Code.NOT_FOUND);
    }

    @Test
    void ofSeveralMembersThatIsAskedWhichIsMeantOrAllIfTheyOnlyList() throws Exception {
        for (var name : List.of("one", "two")) {
            operations.contribute("files", name, new OperatorArea() {
                @Override
                public Object answer(OperatorRequest request) {
                    return List.of(name);
                }

                @Override
                public boolean isListing(String verb) {
                    return verb.equals("roots");
                }
            });
        }

        assertThat(operations.answer(new OperatorRequest("files.roots", Map.of(), WHO)))
                .isEqualTo(List.of("one", "two"));
        assertThat(operations.answer(new OperatorRequest("files.change", Map.of("name", "two"), WHO)))
                .isEqualTo(List.of("two"));
        assertThat(codeOf(() -> operations.answer(new OperatorRequest("files.change", Map.of(), WHO))))
                .isEqualTo(OperatorException.Code.USAGE);
        assertThat(codeOf(() -> operations.answer(new OperatorRequest("files.roots", Map.of("name", "x"), WHO))))
                .isEqualTo(OperatorException.Code.NOT_FOUND);
    }

    @Test
    void aClosedCoordinatorSaysThatItIs() {
        ktm.close();

        assertThat(codeOf(operations::manager)).isEqualTo(OperatorException.Code.OFFLINE);
        assertThat(codeOf(operations::recoverNow)).isEqualTo(OperatorException.Code.OFFLINE);
    }
}
