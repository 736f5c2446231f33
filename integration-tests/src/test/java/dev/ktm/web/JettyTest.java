package dev.ktm.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.naming.KtmNames;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import javax.naming.InitialContext;
import javax.naming.NameAlreadyBoundException;
import javax.naming.NameNotFoundException;
import org.eclipse.jetty.ee11.plus.webapp.EnvConfiguration;
import org.eclipse.jetty.ee11.plus.webapp.PlusConfiguration;
import org.eclipse.jetty.ee11.webapp.WebAppContext;
import org.eclipse.jetty.jndi.NamingContext;
import org.eclipse.jetty.plus.jndi.EnvEntry;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jetty with what the guide binds, and the names that frameworks look for in a context without a container. */
@SuppressWarnings("BanJNDI") // Looks its own names up.
class JettyTest {

    private final NamingProperties properties = new NamingProperties();

    @TempDir
    Path base;

    @BeforeEach
    void keep() {
        properties.clear();
    }

    @AfterEach
    void restore() {
        properties.restore();
    }

    private Ktm open() {
        return Ktm.open(
                KtmOptions.builder().logDirectory(base.resolve("ktm-log")).build());
    }

    private KtmDataSource database(Ktm ktm, String name) throws Exception {
        var source = new JdbcDataSource();
        source.setURL("jdbc:h2:" + base.resolve(name) + ";WRITE_DELAY=0");
        return KtmDataSource.open(ktm, name, source);
    }

    private static String get(Server server, String path) throws Exception {
        var uri = URI.create(
                "http://127.0.0.1:" + ((ServerConnector) server.getConnectors()[0]).getLocalPort() + "/shop/" + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }

    @Test
    void bothDatabasesOrNeither() throws Exception {
        var server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        var application = new WebAppContext();
        application.setContextPath("/");
        application.setWar(Site.in(base.resolve("site")).toString());
        application.addConfiguration(new EnvConfiguration(), new PlusConfiguration());
        application.setParentLoaderPriority(true);
        application.setThrowUnavailableOnStartupException(true);
        server.setHandler(application);
        try (var ktm = open();
                var orders = database(ktm, "orders");
                var audit = database(ktm, "audit")) {
            new org.eclipse.jetty.ee11.plus.jndi.Transaction("ee11", ktm.userTransaction());
            new EnvEntry(application, "TransactionManager", ktm.transactionManager(), true);
            new EnvEntry(application, "TransactionSynchronizationRegistry", ktm.synchronizationRegistry(), true);
            new EnvEntry(application, "jdbc/orders", orders, true);
            new EnvEntry(application, "jdbc/audit", audit, true);
            server.start();
            try {
                assertThat(get(server, "make")).isEqualTo("made");
                assertThat(get(server, "sell?item=lamp&end=commit")).isEqualTo("commit");
                assertThat(get(server, "sell?item=chair&end=rollback")).isEqualTo("rollback");
                assertThat(get(server, "sold")).isEqualTo("[lamp] [lamp]");
                assertThat(get(server, "who")).isEqualTo("dev.ktm.jta true true true 00");
            } finally {
                server.stop();
            }
        }
    }

    @Test
    void everyNameThatIsLookedForIsThere() throws Exception {
        var context = new NamingContext(null, "java:", null, new InitialContext().getNameParser(""));
        try (var ktm = open()) {
            KtmNames.bind(context, ktm);

            assertThat(context.lookup("comp/UserTransaction")).isSameAs(ktm.userTransaction());
            assertThat(context.lookup("comp/TransactionSynchronizationRegistry"))
                    .isSameAs(ktm.synchronizationRegistry());
            for (var name : new String[] {"comp/", "", "appserver/", "pm/"}) {
                assertThat(context.lookup(name + "TransactionManager")).isSameAs(ktm.transactionManager());
            }
            assertThatThrownBy(() -> KtmNames.bind(context, ktm)).isInstanceOf(NameAlreadyBoundException.class);
            assertThat(context.lookup("comp/UserTransaction")).isSameAs(ktm.userTransaction());

            KtmNames.unbind(context, ktm);
            for (var name : KtmNames.of(ktm).keySet()) {
                assertThatThrownBy(() -> context.lookup(name)).isInstanceOf(NameNotFoundException.class);
            }
            KtmNames.bind(context, ktm);
        }
    }

    @Test
    void whatIsTakenStaysAndTheRestIsTakenBack() throws Exception {
        var context = new NamingContext(null, "java:", null, new InitialContext().getNameParser(""));
        context.createSubcontext("pm").bind("TransactionManager", "another");
        try (var ktm = open()) {
            assertThatThrownBy(() -> KtmNames.bind(context, ktm)).isInstanceOf(NameAlreadyBoundException.class);

            assertThat(context.lookup("pm/TransactionManager")).isEqualTo("another");
            assertThatThrownBy(() -> context.lookup("comp/UserTransaction")).isInstanceOf(NameNotFoundException.class);
        }
    }
}
