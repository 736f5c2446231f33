package dev.ktm.console;

import dev.ktm.operator.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Names and values as forms write them. */
final class Parameters {

    private static final int MOST = 20;

    private Parameters() {}

    /** Reads what a client sends, up to what is allowed. */
    static String body(InputStream in) throws IOException, OperatorException {
        var bytes = in.readNBytes(ConsoleRequest.MOST_BODY_BYTES + 1);
        if (bytes.length > ConsoleRequest.MOST_BODY_BYTES) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected a form of at most " + ConsoleRequest.MOST_BODY_BYTES + " bytes, found more");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Adds those of a text; the first of a name counts. */
    static void add(Map<String, String> all, String text) throws OperatorException {
        for (var each : text.split("&", -1)) {
            if (each.isEmpty()) {
                continue;
            }
            int equals = each.indexOf('=');
            var name = equals < 0 ? each : each.substring(0, equals);
            all.putIfAbsent(decoded(name), equals < 0 ? "" : decoded(each.substring(equals + 1)));
            if (all.size() > MOST) {
                throw new OperatorException(
                        OperatorException.Code.USAGE, "expected at most " + MOST + " parameters, found more");
            }
        }
    }

    private static String decoded(String text) throws OperatorException {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new OperatorException(
                    OperatorException.Code.USAGE, "expected parameters as forms write them, found others", e);
        }
    }
}
