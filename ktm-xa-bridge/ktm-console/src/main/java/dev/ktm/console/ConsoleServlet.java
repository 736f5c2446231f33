package dev.ktm.console;

import dev.ktm.operator.OperatorException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Shows a console in a servlet container, to be mapped to a path and all below it, as {@code /ktm/*}; the page is at that path with a slash
 * behind it. Other machines get nothing, unless {@link ConsoleOptions#withRemoteClients} allows it. Who the container says that the user is
 * stands in what is recorded of acts.
 */
public final class ConsoleServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    // Servlets are serializable by their interface, and no container has written one for twenty years.
    private final transient Console console;

    /** For a console, which is closed by whoever has made it. */
    public ConsoleServlet(Console console) {
        this.console = console;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getPathInfo() == null) {
            send(
                    request,
                    response,
                    new ConsoleAnswer(
                            ConsoleHandler.PERMANENT,
                            Map.of("Location", request.getContextPath() + request.getServletPath() + "/"),
                            ""));
        } else {
            send(request, response, answer(request));
        }
    }

    private ConsoleAnswer answer(HttpServletRequest request) throws IOException {
        var refused = ConsoleHandler.refusal(
                console,
                isLoopback(request.getRemoteAddr()),
                request.getHeader("Forwarded") != null || request.getHeader("X-Forwarded-For") != null,
                Optional.ofNullable(request.getHeader("Host")));
        if (refused.isPresent()) {
            return refused.get();
        }
        try {
            var parameters = new LinkedHashMap<String, String>();
            Parameters.add(
                    parameters, Optional.ofNullable(request.getQueryString()).orElse(""));
            if (request.getMethod().equals("POST")) {
                Parameters.add(parameters, Parameters.body(request.getInputStream()));
            }
            return console.answer(new ConsoleRequest(
                    request.getMethod(),
                    request.getPathInfo(),
                    parameters,
                    Optional.ofNullable(request.getHeader("Authorization")),
                    Optional.ofNullable(request.getRemoteUser())));
        } catch (OperatorException e) {
            return ConsoleAnswer.refused(e);
        }
    }

    /** Of an address in numbers: no name is looked up. */
    private static boolean isLoopback(String address) {
        try {
            return InetAddress.getByName(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static void send(HttpServletRequest request, HttpServletResponse response, ConsoleAnswer answer)
            throws IOException {
        response.setStatus(answer.status());
        answer.headers().forEach(response::setHeader);
        var body = answer.body().getBytes(StandardCharsets.UTF_8);
        response.setContentLength(body.length);
        if (!request.getMethod().equals("HEAD")) {
            response.getOutputStream().write(body);
        }
    }
}
