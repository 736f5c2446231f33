package dev.ktm.console;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.authenticator.BasicAuthenticator;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.apache.tomcat.util.descriptor.web.LoginConfig;
import org.apache.tomcat.util.descriptor.web.SecurityCollection;
import org.apache.tomcat.util.descriptor.web.SecurityConstraint;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a Tomcat, at {@code /shop/ktm}. */
class ConsoleServletTest {

    private final HttpClient client = HttpClient.newHttpClient();
    private final Coordinator coordinator = new Coordinator();
    private final Console console =
            new Console(coordinator.ktm.operations(), ConsoleOptions.defaults().withActing(true));
    private final Console forAll =
            new Console(coordinator.ktm.operations(), ConsoleOptions.defaults().withRemoteClients(true));
    private final Tomcat tomcat = new Tomcat();

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws Exception {
        tomcat.setBaseDir(directory.toString());
        tomcat.setHostname("127.0.0.1");
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        tomcat.getConnector().setPort(0);
        var context = tomcat.addContext("/shop", directory.toString());
        Tomcat.addServlet(context, "console", new ConsoleServlet(console)).addMapping("/ktm/*");
        Tomcat.addServlet(context, "all", new ConsoleServlet(forAll)).addMapping("/open/*");
        Tomcat.addServlet(context, "filtered", new ConsoleServlet(console)).addMapping("/filtered/*");
        Tomcat.addServlet(context, "known", new ConsoleServlet(console)).addMapping("/known/*");
        var known = new SecurityCollection();
        known.addPattern("/known/*");
        var constraint = new SecurityConstraint();
        constraint.addCollection(known);
        constraint.addAuthRole("operator");
        context.addConstraint(constraint);
        context.addSecurityRole("operator");
        var login = new LoginConfig();
        login.setAuthMethod("BASIC");
        context.setLoginConfig(login);
        context.getPipeline().addValve(new BasicAuthenticator());
        tomcat.addUser("grace", "hopper");
        tomcat.addRole("grace", "operator");
        addFilter(context, "reader", (request, response, chain) -> {
            request.getParameter("_csrf");
            chain.doFilter(request, response);
        });
        // What a filter for proxies makes of a request: it looks as if it came from here.
        addFilter(
                context,
                "pretender",
                (request, response, chain) -> chain.doFilter(
                        new HttpServletRequestWrapper((HttpServletRequest) request) {
                            @Override
                            public @Nullable String getHeader(String name) {
                                return name.startsWith("X-") ? null : super.getHeader(name);
                            }

                            @Override
                            public Enumeration<String> getHeaderNames() {
                                return Collections.enumeration(List.of("Host"));
                            }
                        },
                        response));
        tomcat.start();
    }

    private static void addFilter(Context context, String name, Filter filter) {
        var definition = new FilterDef();
        definition.setFilterName(name);
        definition.setFilter(filter);
        context.addFilterDef(definition);
        var map = new FilterMap();
        map.setFilterName(name);
        map.addURLPattern("/filtered/*");
        context.addFilterMap(map);
    }

    @AfterEach
    void stop() throws Exception {
        tomcat.stop();
        tomcat.destroy();
        console.close();
        forAll.close();
        coordinator.close();
    }

    private URI at(String path) {
        return URI.create("http://localhost:" + tomcat.getConnector().getLocalPort() + "/shop" + path);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder authorized(String path) {
        return HttpRequest.newBuilder(at(path)).header(ConsoleRequest.TOKEN, console.token());
    }

    @Test
    void showsThePageAndWhatItAsksFor() throws Exception {
        var moved = send(HttpRequest.newBuilder(at("/ktm")));
        assertThat(moved.statusCode()).isEqualTo(308);
        assertThat(moved.headers().firstValue("Location")).contains("/shop/ktm/");
        var page = send(HttpRequest.newBuilder(at("/ktm/")));
        assertThat(page.body()).contains("<title>KTM</title>");
        assertThat(page.headers().firstValue("Content-Security-Policy")).isPresent();
        assertThat(send(HttpRequest.newBuilder(at("/ktm/console.js"))).statusCode())
                .isEqualTo(200);
        assertThat(send(HttpRequest.newBuilder(at("/ktm/api/overview"))).statusCode())
                .isEqualTo(401);
        var overview = send(authorized("/ktm/api/overview?since=0"));
        assertThat(overview.statusCode()).isEqualTo(200);
        assertThat(overview.body()).contains("\"manager\"");
    }

    @Test
    void actsAreForms() throws Exception {
        coordinator.prepareForASuperior();
        var unit = coordinator.ktm.operations().transactions().get(0).unitOfWork();
        var form = "verb=resolve-rollback&id=" + unit + "&name=Ada+L.&reason=its%20log";
        var answer = send(authorized("/ktm/api/act")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(coordinator.ktm.operations().acts()).singleElement().satisfies(act -> {
            assertThat(act.who()).isEqualTo("Ada L. (console)");
            assertThat(act.why()).isEqualTo("its log");
        });
    }

    @Test
    void aFormThatAFilterHasReadIsActedOn() throws Exception {
        coordinator.prepareForASuperior();
        var unit = coordinator.ktm.operations().transactions().get(0).unitOfWork();
        var form = "verb=resolve-rollback&id=" + unit + "&name=Ada&reason=its%20log";
        var answer = send(authorized("/filtered/api/act")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(coordinator.ktm.operations().acts()).hasSize(1);
    }

    @Test
    void aFilterThatHidesTheProxyIsSeenThrough() throws Exception {
        assertThat(send(authorized("/filtered/api/overview")).statusCode()).isEqualTo(200);
        assertThat(send(authorized("/filtered/api/overview").header("X-Forwarded-For", "127.0.0.1"))
                        .statusCode())
                .isEqualTo(403);
    }

    @Test
    void aUserWhomTheContainerKnowsIsTheOneWhoActs() throws Exception {
        coordinator.prepareForASuperior();
        var unit = coordinator.ktm.operations().transactions().get(0).unitOfWork();
        var basic = "Basic " + Base64.getEncoder().encodeToString("grace:hopper".getBytes(StandardCharsets.UTF_8));
        assertThat(send(authorized("/known/api/overview")).statusCode()).isEqualTo(401);
        var seen = send(authorized("/known/api/overview").header("Authorization", basic));
        assertThat(seen.body()).contains("\"user\":\"grace\"");
        var answer = send(authorized("/known/api/act")
                .header("Authorization", basic)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("verb=resolve-rollback&id=" + unit + "&reason=its%20log")));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(coordinator.ktm.operations().acts().get(0).who()).isEqualTo("grace (console)");
    }

    @Test
    void whatComesThroughAProxyIsRefusedUnlessThatIsAllowed() throws Exception {
        for (var header : Map.of("X-Forwarded-For", "10.0.0.1", "Forwarded", "for=10.0.0.1")
                .entrySet()) {
            assertThat(send(authorized("/ktm/api/overview").header(header.getKey(), header.getValue()))
                            .statusCode())
                    .isEqualTo(403);
            assertThat(send(HttpRequest.newBuilder(at("/open/api/overview"))
                                    .header(ConsoleRequest.TOKEN, forAll.token())
                                    .header(header.getKey(), header.getValue()))
                            .statusCode())
                    .isEqualTo(200);
        }
    }
}
