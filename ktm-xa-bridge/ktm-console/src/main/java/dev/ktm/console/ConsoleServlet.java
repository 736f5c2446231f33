package dev.ktm.console;

import dev.ktm.operator.OperatorException;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Shows a console in a servlet container, to be mapped to a path and all below it, as {@code /ktm/*}; the page is at that path with a slash
 * behind it. Who the container says that the user is stands in what is recorded of acts.
 *
 * <p>Other machines get nothing, unless {@link ConsoleOptions#withRemoteClients} allows it. That is decided by the connection and the headers
 * that the container has received, whatever filters make of them. Who comes through a proxy that says nothing of it is taken for a browser
 * on the machine of the proxy.
 */
public final class ConsoleServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** What Tomcat's own valve for proxies leaves behind when it has taken their headers away. */
    private static final String FORWARDED_IN_TOMCAT = "org.apache.tomcat.request.forwarded";

    private static final List<String> FIELDS = List.of("verb", "id", "enlistment", "name", "reason");

    // Servlets are serializable by their interface, and no container has written one for twenty years.
    private final transient Console console;

    /** For a console, which is closed by whoever has made it. */
    public ConsoleServlet(Console console) {
        this.console = console;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        send(request, response, answer(request));
    }

    private ConsoleAnswer answer(HttpServletRequest request) throws IOException {
        var refused = visitor(request).refusal(console.options());
        if (refused.isPresent()) {
            return refused.get();
        }
        if (request.getPathInfo() == null) {
            return ConsoleAnswer.movedTo(request.getContextPath() + request.getServletPath() + "/");
        }
        try {
            var parameters = new LinkedHashMap<String, String>();
            Parameters.add(
                    parameters, Optional.ofNullable(request.getQueryString()).orElse(""));
            if (request.getMethod().equals("POST")) {
                addForm(parameters, request);
            }
            return console.answer(new ConsoleRequest(
                    request.getMethod(),
                    request.getPathInfo(),
                    parameters,
                    Optional.ofNullable(request.getHeader(ConsoleRequest.TOKEN)),
                    Optional.ofNullable(request.getRemoteUser())));
        } catch (OperatorException e) {
            return ConsoleAnswer.refused(e);
        }
    }

    /** As the container has received it: filters may say what a client has told them. */
    private static Visitor visitor(HttpServletRequest request) {
        var received = request;
        while (received instanceof ServletRequestWrapper wrapper
                && wrapper.getRequest() instanceof HttpServletRequest inner) {
            received = inner;
        }
        boolean isForwarded = received.getAttribute(FORWARDED_IN_TOMCAT) != null;
        return new Visitor(
                !isForwarded && Visitor.isLoopback(received.getRemoteAddr()),
                Optional.ofNullable(received.getHeader("Host")),
                Collections.list(received.getHeaderNames()));
    }

    /** A filter before may have read the body already: then the container has its fields. */
    private static void addForm(Map<String, String> parameters, HttpServletRequest request)
            throws IOException, OperatorException {
        var body = "";
        try {
            body = Parameters.body(request.getInputStream());
        } catch (IllegalStateException e) {
            // Read as text.
            System.getLogger(ConsoleServlet.class.getName())
                    .log(System.Logger.Level.DEBUG, "a form was read by somebody else", e);
        }
        if (body.isEmpty()) {
            FIELDS.forEach(name ->
                    Optional.ofNullable(request.getParameter(name)).ifPresent(value -> parameters.put(name, value)));
        } else {
            Parameters.add(parameters, body);
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
