package dev.ktm.console;

import dev.ktm.operator.Json;
import dev.ktm.operator.Operations;
import dev.ktm.operator.OperatorArea;
import dev.ktm.operator.OperatorException;
import dev.ktm.operator.OperatorRequest;
import dev.ktm.operator.TransactionView;
import dev.ktm.rm.OperatorAct;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The pages of a console, whoever serves them: {@link ConsoleServer} on a port of its own, {@link ConsoleHandler} in an HTTP server of the
 * JDK, {@link ConsoleServlet} in a servlet container. Safe for many threads.
 *
 * <p>The page, its script and its style hold nothing secret and are given to everybody. What they ask for is given only with the token,
 * in a {@linkplain ConsoleRequest#TOKEN header} that no other page can have sent. The page takes it out of the part of its address behind
 * {@code #}, which browsers do not send, and keeps it for as long as its tab is open.
 *
 * <p>{@code ktm console} tells the link, if a server was opened: it asks over the channel of the operator, which only the user of this JVM
 * and root can. To be closed before the coordinator is.
 */
public final class Console implements AutoCloseable {

    /** Most transactions, and most damaged ones, that are told at once: those that wait for an operator first, then the oldest. */
    public static final int MOST_TRANSACTIONS = 200;

    private static final int TOKEN_BYTES = 32;
    private static final String SUFFIX = " (console)";
    private static final int MOST_NAME_CHARACTERS = 60;

    private static final Map<String, String> FILES = Map.of(
            "/", "console.html text/html; charset=utf-8",
            "/console.js", "console.js text/javascript; charset=utf-8",
            "/console.css", "console.css text/css; charset=utf-8");

    private static final Set<String> ACTS = Set.of(
            "resolve-commit",
            "resolve-rollback",
            "force-commit",
            "force-rollback",
            "rollback",
            "commit-in-place-of-last",
            "rollback-in-place-of-last",
            "complete",
            "forget");

    private final Operations operations;
    private final ConsoleOptions options;
    private final String token;
    private final History history;
    private final OperatorArea area = this::answerTool;
    private final String member;
    private volatile Optional<String> link = Optional.empty();

    /**
     * Of a coordinator. Begins to keep history, on a thread of its own.
     *
     * @param operations of {@code Ktm.operations()}
     */
    public Console(Operations operations, ConsoleOptions options) {
        this.operations = operations;
        this.options = options;
        this.token = options.token().orElseGet(Console::newToken);
        this.member = "console-" + UUID.randomUUID();
        operations.contribute("console", member, area);
        try {
            this.history = new History(operations, options.interval(), options.points());
        } catch (RuntimeException | Error e) {
            operations.withdraw("console", member, area);
            throw e;
        }
    }

    private static String newToken() {
        var bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** The secret that a browser has to show. */
    public String token() {
        return token;
    }

    /**
     * What {@code ktm console} tells, with the token in it: said by whoever serves the pages.
     *
     * @param address of the page, without a fragment
     */
    public void isServedAt(String address) {
        link = Optional.of(address + "#token=" + token);
    }

    ConsoleOptions options() {
        return options;
    }

    Optional<String> link() {
        return link;
    }

    private Object answerTool(OperatorRequest request) throws OperatorException {
        if (!request.verb().equals("link")) {
            throw new OperatorException(
                    OperatorException.Code.USAGE, "expected the verb console.link, found console." + request.verb());
        }
        return Map.of("link", link, "acting", options.isActing());
    }

    // What browsers ask for.

    /** The answer to a request; never throws because of what is asked. */
    public ConsoleAnswer answer(ConsoleRequest request) {
        try {
            return request.path().startsWith("/api/") ? answerApi(request) : answerFile(request);
        } catch (OperatorException e) {
            return ConsoleAnswer.refused(e);
        } catch (RuntimeException | Error e) {
            System.getLogger(Console.class.getName())
                    .log(System.Logger.Level.WARNING, "a request of the console has failed: " + request.path(), e);
            return ConsoleAnswer.refused(ConsoleAnswer.FAILED, "FAILED", "it has failed: " + e);
        }
    }

    private static ConsoleAnswer answerFile(ConsoleRequest request) {
        var file = FILES.get(request.path());
        if (file == null) {
            return ConsoleAnswer.refused(ConsoleAnswer.NOT_FOUND, "NOT_FOUND", "there is no such page");
        }
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            return ConsoleAnswer.onlyBy("GET");
        }
        int space = file.indexOf(' ');
        return ConsoleAnswer.of(ConsoleAnswer.OK, file.substring(space + 1), read(file.substring(0, space)));
    }

    private static String read(String name) {
        try (var in = Console.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("expected " + name + " beside the classes of the console, found none");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ConsoleAnswer answerApi(ConsoleRequest request) throws OperatorException {
        if (!isAuthorized(request)) {
            return ConsoleAnswer.refused(
                            ConsoleAnswer.UNAUTHORIZED,
                            "UNAUTHORIZED",
                            "expected the token of this console, found "
                                    + (request.token().isEmpty() ? "none" : "another")
                                    + ": 'ktm console' tells the link that has it in it")
                    .with("WWW-Authenticate", ConsoleRequest.TOKEN);
        }
        return switch (request.path()) {
            case "/api/overview" -> request.method().equals("GET") ? overview(request) : ConsoleAnswer.onlyBy("GET");
            case "/api/transaction" ->
                request.method().equals("GET") ? transaction(request) : ConsoleAnswer.onlyBy("GET");
            case "/api/act" -> request.method().equals("POST") ? act(request) : ConsoleAnswer.onlyBy("POST");
            default -> ConsoleAnswer.refused(ConsoleAnswer.NOT_FOUND, "NOT_FOUND", "there is no such page");
        };
    }

    /** In the same time, however much of it is right. */
    private boolean isAuthorized(ConsoleRequest request) {
        return MessageDigest.isEqual(
                request.token().orElse("").getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
    }

    private ConsoleAnswer overview(ConsoleRequest request) throws OperatorException {
        long since = since(request);
        var known = request.parameters().getOrDefault("history", "");
        var transactions = operations.transactions();
        var damaged = operations.damaged();
        var all = new LinkedHashMap<String, Object>();
        all.put("manager", operations.manager());
        all.put("acting", options.isActing());
        all.put("user", request.user());
        all.put("counts", operations.counts());
        all.put("transactions", first(transactions));
        all.put("transactionsInAll", transactions.size());
        all.put("resourceManagers", operations.resourceManagers());
        all.put("reports", operations.reports());
        all.put("damaged", damaged.stream().limit(MOST_TRANSACTIONS).toList());
        all.put("damagedInAll", damaged.size());
        all.put("acts", lastOf(operations.acts()));
        all.put("history", history.since(known, since));
        return ConsoleAnswer.json(Json.of(all));
    }

    private static long since(ConsoleRequest request) throws OperatorException {
        var text = request.parameters().getOrDefault("since", "0");
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected a number \"since\" of a point of history, found another text",
                    e);
        }
    }

    private static List<TransactionView> first(List<TransactionView> oldestFirst) {
        return oldestFirst.stream()
                .sorted(Comparator.comparing(each -> !each.isInDoubt() && !each.isWaitingForLast()))
                .limit(MOST_TRANSACTIONS)
                .toList();
    }

    private static <T> List<T> lastOf(List<T> all) {
        return all.subList(Math.max(0, all.size() - MOST_TRANSACTIONS), all.size());
    }

    private ConsoleAnswer transaction(ConsoleRequest request) throws OperatorException {
        return ConsoleAnswer.json(Json.of(operations.transaction(require(request, "id"))));
    }

    private static String require(ConsoleRequest request, String name) throws OperatorException {
        return new OperatorRequest(request.path(), request.parameters(), "").require(name);
    }

    private ConsoleAnswer act(ConsoleRequest request) throws OperatorException {
        if (!options.isActing()) {
            throw new OperatorException(
                    OperatorException.Code.UNAUTHORIZED,
                    "expected a console that was opened for acting, found one for looking: use the ktm tool, or open it"
                            + " with ConsoleOptions.withActing(true)");
        }
        var verb = require(request, "verb");
        if (!ACTS.contains(verb)) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected one of the acts "
                            + String.join(", ", ACTS.stream().sorted().toList()) + ", found another");
        }
        operations.answer(new OperatorRequest(verb, request.parameters(), whoActs(request)));
        return ConsoleAnswer.json("{\"done\":true}");
    }

    /** Whom the server knows; otherwise whom the page says. */
    private static String whoActs(ConsoleRequest request) throws OperatorException {
        if (request.user().isPresent()) {
            var user = request.user().get();
            int most = OperatorAct.MOST_WHO_CHARACTERS - SUFFIX.length();
            return (user.length() > most ? user.substring(0, most) : user) + SUFFIX;
        }
        var name = require(request, "name");
        if (name.length() > MOST_NAME_CHARACTERS || name.chars().anyMatch(Character::isISOControl)) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected a name of at most " + MOST_NAME_CHARACTERS + " printed characters, found another");
        }
        return name + SUFFIX;
    }

    /** No history is kept any more, and {@code ktm console} does not tell of it. */
    @Override
    public void close() {
        operations.withdraw("console", member, area);
        history.close();
    }
}
