package dev.ktm.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Until;
import dev.ktm.rm.OperatorAct;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConsoleTest {

    private final Coordinator coordinator = new Coordinator();
    private final Console looking = new Console(coordinator.ktm.operations(), ConsoleOptions.defaults());
    private final Console acting =
            new Console(coordinator.ktm.operations(), ConsoleOptions.defaults().withActing(true));

    @AfterEach
    void close() {
        looking.close();
        acting.close();
        coordinator.close();
    }

    private static ConsoleAnswer ask(Console console, String method, String path, Optional<String> token) {
        return console.answer(new ConsoleRequest(method, path, Map.of(), token, Optional.empty()));
    }

    // The token.

    @Test
    void thePageAndItsPartsAreForEverybodyAndHoldNothingSecret() throws Exception {
        for (var path : List.of("/", "/console.js", "/console.css")) {
            var answer = ask(looking, "GET", path, Optional.empty());
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.headers().get("Content-Security-Policy")).contains("default-src 'none'");
            assertThat(answer.headers())
                    .containsEntry("Cache-Control", "no-store")
                    .containsEntry("X-Frame-Options", "DENY");
            assertThat(answer.body())
                    .doesNotContain(looking.token())
                    .doesNotContain(
                            coordinator.ktm.operations().manager().identity().toString());
        }
    }

    @Test
    void whoHasNoTokenOrAnotherIsToldNothing() {
        var wrong =
                List.of("", "Bearer", "Bearer ", "Bearer " + looking.token().substring(1), "Basic " + looking.token());
        for (var path : List.of("/api/overview", "/api/transaction", "/api/act", "/api/nothing")) {
            assertThat(ask(looking, "GET", path, Optional.empty()).status()).isEqualTo(401);
            for (var each : wrong) {
                var answer = ask(looking, "GET", path, Optional.of(each));
                assertThat(answer.status()).isEqualTo(401);
                assertThat(answer.body()).doesNotContain(looking.token());
            }
        }
        assertThat(ask(looking, "GET", "/api/overview", Optional.of(acting.token()))
                        .status())
                .isEqualTo(401);
    }

    @Test
    void eachConsoleHasATokenOfItsOwnThatIsNotPrinted() {
        assertThat(looking.token()).hasSizeGreaterThanOrEqualTo(43).isNotEqualTo(acting.token());
        var given = "0123456789abcdef0123456789abcdef";
        var options = ConsoleOptions.defaults().withToken(given);
        assertThat(options.toString()).doesNotContain(given);
        var request = new ConsoleRequest("GET", "/", Map.of(), Optional.of(given), Optional.empty());
        assertThat(request.toString()).doesNotContain(given);
        try (var console = new Console(coordinator.ktm.operations(), options)) {
            assertThat(console.token()).isEqualTo(given);
        }
    }

    @Test
    void aTokenThatCouldBeGuessedIsRefusedAndNotRepeated() {
        assertThatThrownBy(() -> ConsoleOptions.defaults().withToken("secret"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 32")
                .hasMessageContaining("found one of 6")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> ConsoleOptions.defaults().withToken("#".repeat(40)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void optionsThatMakeNoSenseAreRefused() {
        var options = ConsoleOptions.defaults();
        assertThatThrownBy(() -> options.withPort(65_536)).hasMessageContaining("found 65536");
        assertThatThrownBy(() -> options.withPort(-1)).hasMessageContaining("found -1");
        assertThatThrownBy(() -> options.withHistory(Duration.ofMillis(99), 10)).hasMessageContaining("PT0.099S");
        assertThatThrownBy(() -> options.withHistory(Duration.ofSeconds(1), 1)).hasMessageContaining("found 1");
    }

    // Looking.

    @Test
    void tellsWhatTheCoordinatorKnows() throws Exception {
        coordinator.commitBoth();
        coordinator.rollBackBoth();
        coordinator.damage();
        var transactions = coordinator.ktm.transactionManager();
        transactions.begin();
        var older = transactions.suspend();
        coordinator.prepareForASuperior();
        var seen = new Api(looking).overview();
        assertThat(seen.at("/manager/identity").asText())
                .isEqualTo(coordinator.ktm.operations().manager().identity().toString());
        assertThat(seen.at("/manager/name").asText()).isEqualTo("shop");
        assertThat(seen.at("/manager/isOnline").asBoolean()).isTrue();
        assertThat(seen.at("/acting").asBoolean()).isFalse();
        assertThat(seen.at("/counts/committed").asInt()).isEqualTo(2);
        assertThat(seen.at("/damaged/0/damage/0/note").asText()).contains("stock");
        assertThat(seen.at("/reports").findValuesAsText("kind")).contains("HEURISTIC");
        assertThat(seen.at("/resourceManagers").findValuesAsText("name")).contains("orders", "stock");
        assertThat(seen.at("/transactionsInAll").asInt()).isEqualTo(2);
        assertThat(seen.at("/transactions/0/isInDoubt").asBoolean())
                .as("what waits for an operator comes first, though it is the younger")
                .isTrue();
        transactions.resume(older);
        transactions.rollback();
    }

    @Test
    void tellsOfOneTransactionWithTheStackOfItsOwner() throws Exception {
        coordinator.begin();
        var api = new Api(looking);
        var unit = api.overview().at("/transactions/0/unitOfWork").asText();
        var seen = Api.json(api.get("/api/transaction", Map.of("id", unit.substring(0, 8))));
        assertThat(seen.at("/unitOfWork").asText()).isEqualTo(unit);
        assertThat(seen.at("/owner/stack").toString()).contains("tellsOfOneTransactionWithTheStackOfItsOwner");
        coordinator.ktm.transactionManager().rollback();
        var gone = api.get("/api/transaction", Map.of("id", unit));
        assertThat(gone.status()).isEqualTo(404);
        assertThat(Api.json(gone).at("/error/message").asText()).contains("found none");
    }

    @Test
    void tellsAtMostSoManyTransactionsAtOnce() throws Exception {
        var transactions = coordinator.ktm.transactionManager();
        for (int i = 0; i <= Console.MOST_TRANSACTIONS; i++) {
            transactions.begin();
            transactions.suspend();
        }
        coordinator.prepareForASuperior();
        var seen = new Api(looking).overview();
        assertThat(seen.at("/transactionsInAll").asInt()).isEqualTo(Console.MOST_TRANSACTIONS + 2);
        assertThat(seen.at("/transactions")).hasSize(Console.MOST_TRANSACTIONS);
        assertThat(seen.at("/transactions/0/isInDoubt").asBoolean()).isTrue();
    }

    @Test
    void keepsHistoryUpToAnEndAndTellsWhatIsNewOfIt() throws Exception {
        try (var console = new Console(
                coordinator.ktm.operations(), ConsoleOptions.defaults().withHistory(Duration.ofMillis(100), 3))) {
            var api = new Api(console);
            coordinator.commitBoth();
            Until.holds(() -> api.overview().at("/history/points/0/number").asLong() > 1);
            var told = api.overview().at("/history");
            var all = told.at("/points");
            assertThat(all).hasSizeLessThanOrEqualTo(3);
            var last = all.get(all.size() - 1);
            assertThat(last.at("/committed").asLong()).isEqualTo(1);
            assertThat(last.at("/forces").asLong()).isPositive();
            assertThat(last.at("/usedShare").asDouble()).isPositive();
            var known = Map.of(
                    "since",
                    last.at("/number").asText(),
                    "history",
                    told.at("/id").asText());
            assertThat(Api.json(api.get("/api/overview", known))
                            .at("/history/points")
                            .findValues("number"))
                    .allSatisfy(each -> assertThat(each.asLong())
                            .isGreaterThan(last.at("/number").asLong()));
            // The number of a point that another life has told.
            var ofAnother = Map.of("since", "1000000", "history", "another");
            assertThat(Api.json(api.get("/api/overview", ofAnother)).at("/history/points"))
                    .isNotEmpty();
        }
    }

    @Test
    void whatIsAskedForWrongIsSaid() {
        var api = new Api(looking);
        assertThat(api.get("/api/overview", Map.of("since", "yesterday")).status())
                .isEqualTo(400);
        assertThat(api.get("/api/transaction").status()).isEqualTo(400);
        assertThat(api.get("/api/nothing").status()).isEqualTo(404);
        assertThat(api.get("/nothing").status()).isEqualTo(404);
        assertThat(api.get("/../console.html").status()).isEqualTo(404);
        assertThat(api.get("/api/act").status()).isEqualTo(405);
        assertThat(ask(looking, "POST", "/", Optional.empty()).status()).isEqualTo(405);
        assertThat(ask(looking, "DELETE", "/api/overview", Optional.of(looking.token()))
                        .status())
                .isEqualTo(405);
    }

    @Test
    void aCoordinatorThatIsClosedIsSaidToBeClosed() throws Exception {
        coordinator.close();
        var answer = new Api(looking).get("/api/overview");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(Api.json(answer).at("/error/code").asText()).isEqualTo("OFFLINE");
    }

    // Acting.

    private static Map<String, String> form(String verb, String id) {
        var form = new HashMap<String, String>();
        form.put("verb", verb);
        form.put("id", id);
        form.put("name", "Ada");
        form.put("reason", "the superior's log says so");
        return form;
    }

    @Test
    void aConsoleForLookingDoesNothing() throws Exception {
        coordinator.prepareForASuperior();
        var api = new Api(looking);
        var unit = api.overview().at("/transactions/0/unitOfWork").asText();
        var answer = api.act(form("resolve-commit", unit));
        assertThat(answer.status()).isEqualTo(403);
        assertThat(Api.json(answer).at("/error/message").asText()).contains("withActing(true)");
        assertThat(api.overview().at("/transactions/0/isInDoubt").asBoolean()).isTrue();
        assertThat(coordinator.ktm.operations().acts()).isEmpty();
    }

    @Test
    void whatIsDoneStandsInTheLogWithWhoAndWhy() throws Exception {
        coordinator.prepareForASuperior();
        var api = new Api(acting);
        var unit = api.overview().at("/transactions/0/unitOfWork").asText();
        assertThat(api.act(form("resolve-commit", unit)).status()).isEqualTo(200);
        assertThat(coordinator.ktm.operations().acts()).singleElement().satisfies(act -> {
            assertThat(act.kind()).isEqualTo(OperatorAct.Kind.RESOLVE_COMMIT);
            assertThat(act.who()).isEqualTo("Ada (console)");
            assertThat(act.why()).isEqualTo("the superior's log says so");
        });
        assertThat(api.overview().at("/acts/0/unitOfWork").asText()).isEqualTo(unit);
        assertThat(coordinator.orders.recover(javax.transaction.xa.XAResource.TMSTARTRSCAN))
                .isEmpty();
    }

    @Test
    void whomTheServerKnowsIsNotAskedForHisName() throws Exception {
        coordinator.damage();
        var unit = new Api(acting).overview().at("/damaged/0/unitOfWork").asText();
        var answer = acting.answer(new ConsoleRequest(
                "POST", "/api/act", form("forget", unit), Optional.of(acting.token()), Optional.of("grace")));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(coordinator.ktm.operations().acts().get(0).who()).isEqualTo("grace (console)");
    }

    @Test
    void aNameOfTheServersIsCutAndNotRefused() throws Exception {
        coordinator.damage();
        var unit = new Api(acting).overview().at("/damaged/0/unitOfWork").asText();
        var answer = acting.answer(new ConsoleRequest(
                "POST",
                "/api/act",
                form("forget", unit),
                Optional.of(acting.token()),
                Optional.of("CN=" + "grace".repeat(40))));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(coordinator.ktm.operations().acts().get(0).who())
                .hasSize(OperatorAct.MOST_WHO_CHARACTERS)
                .startsWith("CN=grace")
                .endsWith(" (console)");
    }

    @Test
    void aParticipantThatIsGoneForGoodIsCompleted() throws Exception {
        coordinator.stock.isAway = true;
        coordinator.begin();
        coordinator.enlistBoth();
        coordinator.ktm.transactionManager().commit();
        var api = new Api(acting);
        var waiting = api.overview().at("/transactions/0");
        var form = form("complete", waiting.at("/unitOfWork").asText());
        for (var each : waiting.at("/participants")) {
            if (each.at("/resourceManager").asText().equals("stock")) {
                form.put("enlistment", each.at("/id").asText());
            }
        }
        assertThat(Api.json(api.act(form)).toString()).isEqualTo("{\"done\":true}");
        assertThat(api.overview().at("/transactions")).isEmpty();
        assertThat(coordinator.ktm.operations().acts().get(0).kind()).isEqualTo(OperatorAct.Kind.COMPLETE);
    }

    @Test
    void nothingIsDoneWithoutANameAndAReasonOrBesideTheList() throws Exception {
        coordinator.prepareForASuperior();
        var api = new Api(acting);
        var unit = api.overview().at("/transactions/0/unitOfWork").asText();
        for (var missing : List.of("verb", "id", "name", "reason")) {
            var form = form("resolve-commit", unit);
            form.remove(missing);
            assertThat(api.act(form).status()).as(missing).isEqualTo(400);
        }
        var tooLong = form("resolve-commit", unit);
        tooLong.put("name", "a".repeat(61));
        assertThat(api.act(tooLong).status()).isEqualTo(400);
        var twoLines = form("resolve-commit", unit);
        twoLines.put("name", "Ada\nroot");
        assertThat(api.act(twoLines).status()).isEqualTo(400);
        for (var verb : List.of("registry.delete", "manager", "verbs", "console.link", "recover-now", "")) {
            assertThat(api.act(form(verb, unit)).status()).as(verb).isEqualTo(400);
        }
        assertThat(api.act(form("commit-in-place-of-last", unit)).status()).isEqualTo(409);
        assertThat(coordinator.ktm.operations().acts()).isEmpty();
    }
}
