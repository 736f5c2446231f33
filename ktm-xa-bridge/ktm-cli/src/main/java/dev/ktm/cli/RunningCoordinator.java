package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ktm.operator.OperatorClient;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** A coordinator that listens. */
final class RunningCoordinator implements Source {

    /** How a socket answers. */
    enum Reach {
        /** Somebody listens. */
        LISTENS,
        /** The coordinator is gone, and has left its socket behind. */
        GONE,
        /** Somebody has it open and does not answer. */
        SILENT,
        /** It answers others. */
        NOT_ALLOWED
    }

    /** Asking every resource manager may take long, and so may a commit that an operator has ordered. */
    private static final Duration LIMIT = Duration.ofMinutes(2);

    /** What only tells takes a moment, unless the process hangs. */
    private static final Duration TELLING_LIMIT = Duration.ofSeconds(15);

    private static final Set<String> TELLING = Set.of(
            "manager",
            "transactions",
            "transaction",
            "enlistments",
            "resource-managers",
            "reports",
            "damaged",
            "acts",
            "verbs");

    private static final Duration GREETING_LIMIT = Duration.ofSeconds(10);
    private static final int BUSY_ATTEMPTS = 20;
    private static final Duration BUSY_PAUSE = Duration.ofMillis(100);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final String identity;
    private final Path socket;

    RunningCoordinator(String identity, Path socket) {
        this.identity = identity;
        this.socket = socket;
    }

    @Override
    public String identity() {
        return identity;
    }

    @Override
    public boolean isRunning() {
        return true;
    }

    /** Tries to reach it. */
    Reach reach() {
        if (OperatorClient.isDead(socket)) {
            return Reach.GONE;
        }
        try {
            new OperatorClient(socket, GREETING_LIMIT).ask("manager", Map.of());
            return Reach.LISTENS;
        } catch (ConnectException e) {
            return Reach.GONE;
        } catch (SocketException e) {
            return isRefusedBySystem(e) ? Reach.NOT_ALLOWED : Reach.SILENT;
        } catch (IOException e) {
            return Reach.SILENT;
        }
    }

    private static boolean isRefusedBySystem(SocketException e) {
        return String.valueOf(e.getMessage()).contains("ermission");
    }

    @Override
    public JsonNode ask(String verb, Map<String, String> values) {
        var arguments = new LinkedHashMap<>(values);
        arguments.put("client", "ktm");
        for (int attempt = 1; ; attempt++) {
            var answer = exchange(verb, arguments);
            if (answer.path("ok").asBoolean()) {
                return answer.path("result");
            }
            var code = answer.path("error").path("code").asText("FAILED");
            if (!code.equals("BUSY") || attempt == BUSY_ATTEMPTS) {
                throw ToolException.answered(
                        code, answer.path("error").path("message").asText("it gave no reason"));
            }
            LockSupport.parkNanos(BUSY_PAUSE.toNanos());
        }
    }

    private JsonNode exchange(String verb, Map<String, String> arguments) {
        boolean isTelling = TELLING.contains(verb);
        try {
            var answer =
                    MAPPER.readTree(new OperatorClient(socket, isTelling ? TELLING_LIMIT : LIMIT).ask(verb, arguments));
            if (!answer.isObject()) {
                throw ToolException.failed("expected an answer of " + identity + ", found " + answer, null);
            }
            return answer;
        } catch (ConnectException e) {
            throw gone(e);
        } catch (SocketException e) {
            if (isRefusedBySystem(e)) {
                throw ToolException.notAllowed("no permission to use " + socket
                        + ": run as the user that the coordinator runs as, or as root");
            }
            throw gone(e);
        } catch (IOException e) {
            throw ToolException.silence(
                    "the coordinator " + identity + " does not answer at " + socket + ": " + e.getMessage()
                            + (isTelling
                                    ? "; see whether the process hangs"
                                    : "; whether it has done what was asked, 'ktm list acts' tells when it answers again"));
        }
    }

    private ToolException gone(IOException e) {
        return ToolException.silence("expected a coordinator that listens at " + socket + ", found "
                + (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
                        ? "what one has left behind that is gone (" + e.getMessage() + ")"
                        : "none any more")
                + ": start its application; 'ktm list tms' shows those that run");
    }
}
