package dev.ktm.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpPrincipal;
import dev.ktm.operator.OperatorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * Shows a console in an HTTP server of the JDK: {@code server.createContext("/ktm", new ConsoleHandler(console))}. The page is at the path
 * of the context with a slash behind it. Other machines get nothing, unless {@link ConsoleOptions#withRemoteClients} allows it; who comes
 * through a proxy that says nothing of it is taken for a browser on the machine of the proxy.
 */
public final class ConsoleHandler implements HttpHandler {

    private final Console console;

    /** For a console. */
    public ConsoleHandler(Console console) {
        this.console = console;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            send(exchange, answer(exchange));
        }
    }

    private ConsoleAnswer answer(HttpExchange exchange) throws IOException {
        var headers = exchange.getRequestHeaders();
        var visitor = new Visitor(
                exchange.getRemoteAddress().getAddress().isLoopbackAddress(),
                Optional.ofNullable(headers.getFirst("Host")),
                headers.keySet());
        var refused = visitor.refusal(console.options());
        if (refused.isPresent()) {
            return refused.get();
        }
        var context = exchange.getHttpContext().getPath();
        var path = exchange.getRequestURI().getPath();
        if (path.equals(context) && !context.endsWith("/")) {
            return ConsoleAnswer.movedTo(context + "/");
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
                    path.substring(context.length() - (context.endsWith("/") ? 1 : 0)),
                    parameters,
                    Optional.ofNullable(headers.getFirst(ConsoleRequest.TOKEN)),
                    Optional.ofNullable(exchange.getPrincipal()).map(HttpPrincipal::getUsername)));
        } catch (OperatorException e) {
            return ConsoleAnswer.refused(e);
        }
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
