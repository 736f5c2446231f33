package dev.ktm.console;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who asks, as far as a server can tell.
 *
 * @param isLocal whether the connection comes from this machine
 * @param host the name under which this machine was asked; empty if none was said
 * @param headers the names of the headers that came
 */
record Visitor(boolean isLocal, Optional<String> host, Collection<String> headers) {

    /** Names that no other machine can have, so that no name of somebody else's can be made to point here. */
    private static final Pattern LOCAL = Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d{1,5})?");

    /** What proxies add. One that adds nothing cannot be told from a browser. */
    private static final Pattern OF_PROXIES = Pattern.compile("forwarded|via|x-real-ip|x-forwarded-.*");

    private static final Pattern LOOPBACK = Pattern.compile("127(\\.\\d{1,3}){3}|::1|0:0:0:0:0:0:0:1");

    /** Some containers add brackets, some the interface. */
    private static final Pattern ADDRESS = Pattern.compile("\\[?([^\\[\\]%]*)(?:%[^\\]]*)?]?");

    /** Whether an address, in numbers, is of this machine; nothing else is looked up. */
    static boolean isLoopback(String address) {
        var found = ADDRESS.matcher(address);
        return found.matches() && LOOPBACK.matcher(found.group(1)).matches();
    }

    /** Why he gets nothing, whatever he asks for; empty if he may ask. */
    Optional<ConsoleAnswer> refusal(ConsoleOptions options) {
        if (options.isForRemoteClients()) {
            return Optional.empty();
        }
        boolean isForwarded = headers.stream()
                .map(each -> each.toLowerCase(Locale.ROOT))
                .anyMatch(each -> OF_PROXIES.matcher(each).matches());
        if (!isLocal || isForwarded) {
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
}
