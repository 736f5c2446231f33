package dev.ktm.example.tomee;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.tomee.KtmTransactionManager;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import org.apache.openejb.OpenEJB;
import org.apache.tomee.embedded.Configuration;
import org.apache.tomee.embedded.Container;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example, with its own configuration, in TomEE, started twice. */
class BoxOfficeTest {

    @TempDir
    Path directory;

    private URI address = URI.create("http://localhost");

    /** What the war has in it. */
    private Path application() throws IOException {
        var classes = Path.of("target/classes");
        var application = directory.resolve("box-office");
        try (var files = Files.walk(classes)) {
            for (var each : files.filter(Files::isRegularFile).toList()) {
                var copy = application.resolve("WEB-INF/classes").resolve(classes.relativize(each));
                Files.createDirectories(copy.getParent());
                Files.copy(each, copy, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return application;
    }

    private Container start() throws Exception {
        var properties = new Properties();
        try (var file = Files.newBufferedReader(Path.of("src/main/conf/system.properties"))) {
            properties.load(file);
        }
        properties.replaceAll((name, value) -> value.toString().replace("${data}", directory.toString()));
        var configuration = new Configuration()
                .randomHttpPort()
                .dir(directory.resolve("tomee").toString());
        configuration.setProperties(properties);
        var tomee = new Container(configuration);
        tomee.deploy("box-office", application().toFile());
        address = URI.create("http://localhost:" + configuration.getHttpPort() + "/box-office/tickets");
        return tomee;
    }

    private HttpResponse<String> ask(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    private int sell(int seat) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(address + "?seat=" + seat));
        return ask(request.POST(BodyPublishers.noBody())).statusCode();
    }

    private String sold() throws IOException, InterruptedException {
        return ask(HttpRequest.newBuilder(address)).body();
    }

    @Test
    void aSaleIsASeatAndABillOrNothing() throws Exception {
        try (var tomee = start()) {
            assertThat(tomee.getBase()).exists();
            assertThat(((KtmTransactionManager) OpenEJB.getTransactionManager())
                            .ktm()
                            .resourceManagers())
                    .containsExactly("billsXa", "seatsXa");
            assertThat(sell(7)).isEqualTo(201);
            assertThat(sell(101)).isEqualTo(409);
            assertThat(sell(7)).isEqualTo(409);
            assertThat(sold()).isEqualTo("1 seats, 1 bills");
        }
        try (var tomee = start()) {
            assertThat(tomee.getBase()).exists();
            assertThat(sell(8)).isEqualTo(201);
            assertThat(sold()).isEqualTo("2 seats, 2 bills");
        }
    }
}
