package dev.ktm.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.ktm.operator.OperatorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Shows a console in an HTTP server of the JDK: {@code server.createContext("/ktm", new ConsoleHandler(console))}. The page is at the path
 * of the context with a slash behind it. Other machines get nothing, unless {@link ConsoleOptions#withRemoteClients} allows it.
 */
public final class ConsoleHandler implements HttpHandler {

    /** Names that no other machine can have, so that no name of somebody else's can be made to point here. */
    private static final Pattern LOCAL = Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d{1,5})?");

    private final Console console;

    /** For a console. */
    public ConsoleHandler(Console console) {
        this.console = console;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var context = exchange.getHttpContext().getPath();
            var path = exchange.getRequestURI().getPath();
            if (path.equals(context) && !context.endsWith("/")) {
                send(exchange, new ConsoleAnswer(PERMANENT, Map.of("Location", context + "/"), ""));
            } else {
                send(exchange, answer(exchange, path.substring(context.length() - (context.endsWith("/") ? 1 : 0))));
            }
        }
    }

    static final int PERMANENT = 308;

    private ConsoleAnswer answer(HttpExchange exchange, String path) throws IOException {
        var headers = exchange.getRequestHeaders();
        var refused = refusal(
                console,
                exchange.getRemoteAddress().getAddress().isLoopbackAddress(),
                headers.containsKey("Forwarded") || headers.containsKey("X-Forwarded-For"),
                Optional.ofNullable(headers.getFirst("Host")));
        if (refused.isPresent()) {
            return refused.get();
        }
        try {
            var parameters = new LinkedHashMap<String, String>();
            Parameters.add(
                    parameters,
                    Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse(""));
            if (exchange.getRequestMethod().equals("POST")) {
                Parameters.add(parameters, Parameters.body(exchange.getRequestBody()));
            }
            return console.answer(new ConsoleRequest(
                    exchange.getRequestMethod(),
                    path,
                    parameters,
                    Optional.ofNullable(headers.getFirst("Authorization")),
                    Optional.ofNullable(exchange.getPrincipal()).map(each -> each.getUsername())));
        } catch (OperatorException e) {
            return ConsoleAnswer.refused(e);
        }
    }

    /** Why a client gets nothing, whatever it asks for. */
    static Optional<ConsoleAnswer> refusal(
            Console console, boolean isLoopback, boolean isForwarded, Optional<String> host) {
        if (console.options().isForRemoteClients()) {
            return Optional.empty();
        }
        if (!isLoopback || isForwarded) {
            return Optional.of(ConsoleAnswer.refused(
                    ConsoleAnswer.FORBIDDEN,
                    "UNAUTHORIZED",
                    "expected a browser on this machine, found one that is elsewhere or behind a proxy: open a tunnel, or"
                            + " allow it with ConsoleOptions.withRemoteClients(true)"));
        }
        if (!LOCAL.matcher(host.orElse("").toLowerCase(Locale.ROOT)).matches()) {
            return Optional.of(ConsoleAnswer.refused(
                    ConsoleAnswer.FORBIDDEN,
                    "UNAUTHORIZED",
                    "expected the address localhost, 127.0.0.1 or [::1], found another name of this machine"));
        }
        return Optional.empty();
    }

    private static void send(HttpExchange exchange, ConsoleAnswer answer) throws IOException {
        answer.headers().forEach(exchange.getResponseHeaders()::set);
        var body = answer.body().getBytes(StandardCharsets.UTF_8);
        if (exchange.getRequestMethod().equals("HEAD") || body.length == 0) {
            exchange.sendResponseHeaders(answer.status(), -1);
            return;
        }
        exchange.sendResponseHeaders(answer.status(), body.length);
        exchange.getResponseBody().write(body);
    }
}
