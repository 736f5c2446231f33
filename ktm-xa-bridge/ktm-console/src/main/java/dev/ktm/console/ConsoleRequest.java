package dev.ktm.console;

import java.util.Map;
import java.util.Optional;

/**
 * A request of a browser, whatever server has received it.
 *
 * @param method of HTTP, in capitals
 * @param path below the place of the console; the page itself is {@code /}
 * @param parameters of the query and, of a {@code POST}, of the form in its body, decoded
 * @param token the header {@value #TOKEN}; empty if there was none
 * @param user who the server says that it is; empty if it does not know
 */
public record ConsoleRequest(
        String method, String path, Map<String, String> parameters, Optional<String> token, Optional<String> user) {

    /** The header that carries the token: no other page can have a browser send it. */
    public static final String TOKEN = "KTM-Token";

    /** The longest body of a request, in bytes. */
    public static final int MOST_BODY_BYTES = 16 * 1024;

    /** Copies the parameters. */
    public ConsoleRequest {
        parameters = Map.copyOf(parameters);
    }

    /** Without the header, which is secret. */
    @Override
    public String toString() {
        return "ConsoleRequest[" + method + " " + path + "]";
    }
}
