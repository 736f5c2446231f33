package dev.ktm.glassfish;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A GlassFish as it is installed: a copy of its directory with one file more, and a domain that {@code asadmin} runs. */
final class FullServer implements AutoCloseable {

    private static final int ADMINISTRATION = 48;
    private static final int HTTP = 80;

    private final Path home;
    private final int ports;

    private FullServer(Path home, int ports) {
        this.home = home;
        this.ports = ports;
    }

    /** Installs one in this directory, and creates a domain in it. */
    static FullServer install(Path directory) throws IOException, InterruptedException {
        var home = directory.resolve("glassfish");
        copy(Path.of(System.getProperty("glassfish.home")), home);
        Files.copy(
                Path.of(System.getProperty("glassfish.bundle")),
                home.resolve("glassfish/modules/ktm-glassfish-bundle.jar"));
        var server = new FullServer(home, freePorts());
        server.asadmin("create-domain", "--nopassword=true", "--portbase=" + server.ports, "shop");
        return server;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var all = Files.walk(from)) {
            for (var each : (Iterable<Path>) all::iterator) {
                Files.copy(each, to.resolve(from.relativize(each).toString()));
            }
        }
    }

    /** A base from which on ports are free; all of a domain are within a hundred. */
    private static int freePorts() throws IOException {
        while (true) {
            try (var chosen = new ServerSocket(0)) {
                int base = chosen.getLocalPort();
                try (var administration = new ServerSocket(base + ADMINISTRATION);
                        var http = new ServerSocket(base + HTTP)) {
                    return base;
                } catch (IOException | IllegalArgumentException e) {
                    // Somebody has one of them: another base.
                }
            }
        }
    }

    private Path domain() {
        return home.resolve("glassfish/domains/shop");
    }

    /** Puts a jar where drivers go. */
    void addLibrary(Path jar) throws IOException {
        Files.copy(jar, domain().resolve("lib").resolve(jar.getFileName().toString()));
    }

    String log() throws IOException {
        return Files.readString(domain().resolve("logs/server.log"));
    }

    void start() throws IOException, InterruptedException {
        asadmin("start-domain", "shop");
    }

    void stop() throws IOException, InterruptedException {
        asadmin("stop-domain", "shop");
    }

    /** Runs a command in it. */
    String command(String name, String... arguments) throws IOException, InterruptedException {
        var all = new ArrayList<>(List.of("--port", Integer.toString(ports + ADMINISTRATION), name));
        all.addAll(List.of(arguments));
        return asadmin(all.toArray(String[]::new));
    }

    private String asadmin(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-jar",
                home.resolve("glassfish/lib/client/appserver-cli.jar").toString(),
                "--interactive=false"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("AS_JAVA", System.getProperty("java.home"));
        // What is started goes on to run, so the answer does not end with what is asked: a file, and no pipe.
        var answer = Files.createTempFile(home, "asadmin", ".txt");
        var process = builder.redirectOutput(answer.toFile()).start();
        int code = process.waitFor();
        var text = Files.readString(answer);
        assertThat(code).as(() -> String.join(" ", arguments) + ": " + text).isZero();
        return text;
    }

    /** Asks an application of it. */
    HttpResponse<String> ask(String method, String query) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://localhost:" + (ports + HTTP) + query))
                .timeout(Duration.ofMinutes(1))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Whether its process is there. */
    boolean isRunning() throws IOException {
        var file = domain().resolve("config/pid");
        if (!Files.exists(file)) {
            return false;
        }
        return ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
                .map(ProcessHandle::isAlive)
                .orElse(false);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (isRunning()) {
            asadmin("stop-domain", "--kill=true", "shop");
        }
    }
}
