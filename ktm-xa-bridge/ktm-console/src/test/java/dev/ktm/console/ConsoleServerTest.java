package dev.ktm.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.ktm.log.testing.Until;
import dev.ktm.operator.OperatorClient;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsoleServerTest {

    private final HttpClient client = HttpClient.newHttpClient();
    private final Coordinator coordinator = new Coordinator();

    @AfterEach
    void close() {
        coordinator.close();
    }

    private ConsoleServer open(ConsoleOptions options) throws IOException {
        return ConsoleServer.open(coordinator.ktm.operations(), options);
    }

    private static String tokenOf(ConsoleServer server) {
        return server.link().getFragment().substring("token=".length());
    }

    private HttpResponse<String> get(URI address, String token) throws Exception {
        return client.send(
                HttpRequest.newBuilder(address)
                        .header(ConsoleRequest.TOKEN, token)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** Sends bytes as they are, and reads all that comes. */
    private static String speak(ConsoleServer server, String request) throws IOException {
        try (var socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void listensOnThisMachineOnlyAndAnswersWithTheToken() throws Exception {
        try (var server = open(ConsoleOptions.defaults())) {
            assertThat(InetAddress.getByName(server.address().getHost()).isLoopbackAddress())
                    .isTrue();
            assertThat(server.address().toString()).doesNotContain("token");
            assertThat(get(server.address(), "").body()).contains("<title>KTM</title>");
            var overview = server.address().resolve("api/overview");
            assertThat(get(overview, "wrong").statusCode()).isEqualTo(401);
            var answer = get(overview, tokenOf(server));
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Type")).contains("application/json; charset=utf-8");
            assertThat(answer.body()).contains("\"manager\"");
        }
    }

    @Test
    void otherAddressesOfThisMachineAreNotListenedAt() throws Exception {
        try (var server = open(ConsoleOptions.defaults())) {
            var other = new InetSocketAddress("127.0.0.2", server.address().getPort());
            try (var socket = new Socket()) {
                assertThatThrownBy(() -> socket.connect(other)).isInstanceOf(ConnectException.class);
            }
        }
    }

    @Test
    void anotherNameForThisMachineIsRefusedSoThatNoPageElsewhereCanReadIt() throws Exception {
        try (var server = open(ConsoleOptions.defaults())) {
            var token = tokenOf(server);
            for (var host :
                    new String[] {"attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example:80"}) {
                assertThat(speak(
                                server,
                                "GET /api/overview HTTP/1.1\r\nHost: " + host + "\r\nKTM-Token: " + token
                                        + "\r\nConnection: close\r\n\r\n"))
                        .startsWith("HTTP/1.1 403");
            }
            for (var host : new String[] {"localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:99"}) {
                assertThat(speak(
                                server,
                                "GET /api/overview HTTP/1.1\r\nHost: " + host + "\r\nKTM-Token: " + token
                                        + "\r\nConnection: close\r\n\r\n"))
                        .startsWith("HTTP/1.1 200");
            }
            assertThat(speak(server, "GET / HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 403");
        }
    }

    @Test
    void whatComesThroughAProxyIsRefused() throws Exception {
        try (var server = open(ConsoleOptions.defaults())) {
            for (var header : new String[] {
                "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "Via: 1.1 proxy", "X-Real-IP: 127.0.0.1"
            }) {
                assertThat(speak(
                                server,
                                "GET / HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\nConnection: close\r\n\r\n"))
                        .startsWith("HTTP/1.1 403")
                        .contains("withRemoteClients(true)");
            }
        }
    }

    @Test
    void whatMountedPagesMayDoAServerOfItsOwnMayNot() throws Exception {
        try (var server = open(ConsoleOptions.defaults().withRemoteClients(true))) {
            assertThat(speak(server, "GET / HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 403");
            assertThat(speak(server, "GET / HTTP/1.1\r\nHost: localhost\r\nVia: 1.1 p\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 403");
        }
    }

    @Test
    void aConnectionFromElsewhereIsRefused() {
        var options = ConsoleOptions.defaults();
        var here = new Visitor(true, Optional.of("localhost"), List.of("Host"));
        var elsewhere = new Visitor(false, Optional.of("localhost"), List.of("Host"));
        assertThat(here.refusal(options)).isEmpty();
        assertThat(elsewhere.refusal(options))
                .hasValueSatisfying(answer -> assertThat(answer.status()).isEqualTo(403));
        assertThat(elsewhere.refusal(options.withRemoteClients(true))).isEmpty();
        assertThat(List.of(
                        "127.0.0.1",
                        "127.1.2.3",
                        "::1",
                        "0:0:0:0:0:0:0:1",
                        "[0:0:0:0:0:0:0:1]",
                        "[::1]",
                        "::1%lo",
                        "[0:0:0:0:0:0:0:1%0]"))
                .allMatch(Visitor::isLoopback);
        assertThat(List.of(
                        "10.0.0.1",
                        "localhost",
                        "127.0.0.1.example",
                        "1127.0.0.1",
                        "::2",
                        "",
                        "[",
                        "[::2]",
                        "%::1",
                        "fe80::1%lo",
                        "[10.0.0.1]"))
                .noneMatch(Visitor::isLoopback);
    }

    @Test
    void aFormThatIsTooLongOrNoneIsRefused() throws Exception {
        try (var server = open(ConsoleOptions.defaults().withActing(true))) {
            var head = "POST /api/act HTTP/1.1\r\nHost: localhost\r\nKTM-Token: " + tokenOf(server)
                    + "\r\nConnection: close\r\nContent-Length: ";
            var long_ = "verb=" + "a".repeat(ConsoleRequest.MOST_BODY_BYTES);
            assertThat(speak(server, head + long_.length() + "\r\n\r\n" + long_))
                    .startsWith("HTTP/1.1 400");
            assertThat(speak(server, head + "6\r\n\r\nverb=%")).startsWith("HTTP/1.1 400");
            var many = String.join("&", numbered(30));
            assertThat(speak(server, head + many.length() + "\r\n\r\n" + many)).contains("at most 20 parameters");
        }
    }

    private static List<String> numbered(int count) {
        var all = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            all.add("p" + i + "=1");
        }
        return all;
    }

    @Test
    void whoeverSaysNothingHoldsUpNobody() throws Exception {
        try (var server = open(ConsoleOptions.defaults())) {
            var silent = new ArrayList<Socket>();
            try {
                for (int i = 0; i < 3 * ConsoleServer.MOST_THREADS; i++) {
                    silent.add(new Socket(
                            InetAddress.getLoopbackAddress(), server.address().getPort()));
                }
                assertThat(get(server.address().resolve("api/overview"), tokenOf(server))
                                .statusCode())
                        .isEqualTo(200);
            } finally {
                for (var each : silent) {
                    each.close();
                }
            }
        }
    }

    @Test
    void aPortThatIsTakenIsSaid() throws Exception {
        try (var first = open(ConsoleOptions.defaults())) {
            int port = first.address().getPort();
            assertThatThrownBy(() -> open(ConsoleOptions.defaults().withPort(port)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("found " + port)
                    .hasMessageContaining("0 for any");
            try (var second = open(ConsoleOptions.defaults())) {
                assertThat(get(second.address().resolve("api/overview"), tokenOf(first))
                                .statusCode())
                        .isEqualTo(401);
            }
        }
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet();
    }

    @Test
    void keepsNoProcessAliveAndLeavesNothingBehindWhenItIsClosed() throws Exception {
        var before = threads();
        var server = open(ConsoleOptions.defaults());
        get(server.address(), "");
        assertThat(threads())
                .filteredOn(each -> !before.contains(each))
                .isNotEmpty()
                .allMatch(Thread::isDaemon)
                .anyMatch(each -> each.getName().startsWith("ktm console"));
        server.close();
        assertThatThrownBy(() -> new Socket(
                                InetAddress.getLoopbackAddress(),
                                server.address().getPort())
                        .close())
                .isInstanceOf(ConnectException.class);
        Until.holds(() -> threads().stream()
                .filter(each -> !before.contains(each))
                .noneMatch(each -> each.getName().startsWith("ktm console")
                        || each.getName().startsWith("HTTP-Dispatcher")));
    }

    @Test
    void anInterruptedCallerOpensIt() throws Exception {
        Thread.currentThread().interrupt();
        try (var server = open(ConsoleOptions.defaults())) {
            assertThat(Thread.interrupted()).isTrue();
            assertThat(get(server.address(), "").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void theOperatorsChannelTellsTheLink(@TempDir Path directory) throws Exception {
        try (var open = new Coordinator(directory);
                var server = ConsoleServer.open(open.ktm.operations(), ConsoleOptions.defaults())) {
            var channels = directory.resolve("channels");
            // It is bound in the background.
            Until.holds(() -> !OperatorClient.channels(channels).isEmpty());
            var client = new OperatorClient(OperatorClient.channels(channels).get(0), Duration.ofSeconds(30));
            var told = new ObjectMapper().readTree(client.ask("console.link", Map.of()));
            assertThat(told.at("/result/link").asText()).isEqualTo(server.link().toString());
            assertThat(told.at("/result/acting").asBoolean()).isFalse();
            assertThat(new ObjectMapper()
                            .readTree(client.ask("console.other", Map.of()))
                            .at("/error/code")
                            .asText())
                    .isEqualTo("USAGE");
            server.close();
            assertThat(new ObjectMapper()
                            .readTree(client.ask("console.link", Map.of()))
                            .at("/ok")
                            .asBoolean())
                    .isFalse();
        }
    }

    @Test
    void isShownBelowAPathOfAServerOfTheHost() throws Exception {
        try (var console = new Console(coordinator.ktm.operations(), ConsoleOptions.defaults())) {
            var host = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            host.createContext("/ktm", new ConsoleHandler(console));
            host.start();
            try {
                var address = URI.create("http://localhost:" + host.getAddress().getPort() + "/ktm");
                var moved = get(address, "");
                assertThat(moved.statusCode()).isEqualTo(308);
                assertThat(moved.headers().firstValue("Location")).contains("/ktm/");
                assertThat(get(URI.create(address + "/"), "").body()).contains("<title>KTM</title>");
                assertThat(get(URI.create(address + "/console.js"), "").statusCode())
                        .isEqualTo(200);
                assertThat(get(URI.create(address + "/api/overview?since=0"), console.token())
                                .statusCode())
                        .isEqualTo(200);
            } finally {
                host.stop(0);
            }
        }
    }
}
