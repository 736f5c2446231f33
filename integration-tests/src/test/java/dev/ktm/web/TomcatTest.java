package dev.ktm.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.jdbc.KtmDataSourceObjectFactory;
import dev.ktm.jms.KtmConnectionFactory;
import dev.ktm.log.testing.JavaCommand;
import dev.ktm.naming.KtmObjectFactory;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.tomcat.util.descriptor.web.ContextResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tomcat with the configuration of the guide, and with wrong ones. */
@Tag("slow")
class TomcatTest {

    private static final Path GUIDE = Path.of("../ktm-xa-bridge/docs/jakarta-ee.md");
    private static final Path LISTENER = Path.of("src/test/java/dev/ktm/web/OpensAll.java");
    private static final Pattern XML = Pattern.compile("```xml\\n(<Context>.*?)```", Pattern.DOTALL);
    private static final Pattern QUEUE = Pattern.compile("```xml\\n(<Resource name=\"jms/.*?)```", Pattern.DOTALL);
    private static final Pattern CODE = Pattern.compile("\\n// guide\\n(.*?)\\n// end of guide\\n", Pattern.DOTALL);
    /** In this process, and no other's. */
    private static final String BROKER = "vm://4711";

    private static final int MOST_COLLECTIONS = 200;

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

    private static String first(Pattern pattern, Path file) throws Exception {
        var found = pattern.matcher(Files.readString(file));
        assertThat(found.find()).as("%s in %s", pattern, file).isTrue();
        return found.group(1);
    }

    static String contextXml() throws Exception {
        return first(XML, GUIDE);
    }

    @Test
    void theGuideHasTheListener() throws Exception {
        assertThat(Files.readString(GUIDE)).contains("```java\n" + first(CODE, LISTENER) + "\n```");
    }

    @Test
    void bothDatabasesOrNeither() throws Exception {
        try (var log = new CaughtLog("org.apache.catalina");
                var server = TomcatServer.start(base, contextXml())) {
            assertThat(log.text()).doesNotContain("jdbc/orders");
            assertThat(server.get("make")).isEqualTo("made");
            assertThat(server.get("sell?item=lamp&end=commit")).isEqualTo("commit");
            assertThat(server.get("sell?item=chair&end=rollback")).isEqualTo("rollback");
            assertThat(server.get("sell?item=lamp&end=commit"))
                    .contains("ConstraintViolation")
                    .contains("SALE");

            assertThat(server.get("sold")).isEqualTo("[lamp] [lamp]");
            assertThat(server.get("who")).isEqualTo("dev.ktm.jta true true true 00");
        }
    }

    @Test
    void deployedAgainItGoesOnAndNothingOfTheFormerOneIsLeft() throws Exception {
        try (var server = TomcatServer.start(base, contextXml())) {
            server.get("make");
            server.get("sell?item=lamp&end=commit");
            var former = new WeakReference<>(server.site().getLoader().getClassLoader());

            server.site().stop();
            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(
                            each -> each.getName().startsWith("ktm") || each.getContextClassLoader() == former.get())
                    .isEmpty();
            server.site().start();

            assertThat(server.get("sell?item=chair&end=commit")).isEqualTo("commit");
            assertThat(server.get("sold")).isEqualTo("[chair, lamp] [chair, lamp]");
            for (int i = 0; i < MOST_COLLECTIONS && former.get() != null; i++) {
                System.gc();
            }
            assertThat(former.get())
                    .as("the class loader of the former deployment")
                    .isNull();
        }
    }

    /** As the guide says it for several applications: names of their own, and everything else from the server. */
    private static String linked(String application) throws Exception {
        return contextXml()
                .replaceAll(
                        "<Resource name=\"ktm\"[^>]*/>", "<ResourceLink name='ktm' global='ktm' type='dev.ktm.Ktm'/>")
                .replaceAll("jdbc/(\\w+)\" type", "jdbc/$1\" resourceManager=\"" + application + "-$1\" type")
                .replaceAll("catalina.base}/(\\w+);", "catalina.base}/" + application + "-$1;");
    }

    @Test
    @SuppressWarnings("BanJNDI") // Looks its own name up.
    void severalApplicationsHaveOneCoordinatorOfTheServer() throws Exception {
        try (var server = TomcatServer.withKtmInside(base)) {
            var coordinator = new ContextResource();
            coordinator.setName("ktm");
            coordinator.setType(Ktm.class.getName());
            coordinator.setProperty("factory", KtmObjectFactory.class.getName());
            coordinator.setProperty("logDirectory", base.resolve("ktm-log").toString());
            coordinator.setCloseMethod("close");
            server.globalNames().addResource(coordinator);
            var first = server.add("/first", linked("first"));
            server.add("/second", linked("second"));
            server.start();
            var ktm = (Ktm) server.globalContext().lookup("ktm");
            assertThat(ktm.resourceManagers())
                    .containsExactlyInAnyOrder("first-orders", "first-audit", "second-orders", "second-audit");
            for (var path : List.of("/first/shop/", "/second/shop/")) {
                assertThat(server.ask(path + "make")).isEqualTo("made");
                assertThat(server.ask(path + "sell?item=lamp&end=commit")).isEqualTo("commit");
                assertThat(server.ask(path + "sold")).isEqualTo("[lamp] [lamp]");
            }

            first.stop();

            assertThat(ktm.resourceManagers()).containsExactlyInAnyOrder("second-orders", "second-audit");
            assertThat(server.ask("/second/shop/sell?item=chair&end=commit")).isEqualTo("commit");
            first.start();
            assertThat(server.ask("/first/shop/sell?item=chair&end=commit")).isEqualTo("commit");
            assertThat(server.ask("/first/shop/sold")).isEqualTo("[chair, lamp] [chair, lamp]");
        }
    }

    @Test
    void aQueueTakesPartWithTheDatabases() throws Exception {
        var broker = new EmbeddedActiveMQ()
                .setConfiguration(new ConfigurationImpl()
                        .setPersistenceEnabled(false)
                        .setSecurityEnabled(false)
                        .addAcceptorConfiguration("vm", BROKER));
        broker.start();
        var queue = first(QUEUE, GUIDE).replace("tcp://broker:61616", BROKER);
        assertThat(queue).contains(BROKER);
        try (var server = TomcatServer.withKtmInside(base)) {
            server.add("", contextXml().replace("</Context>", queue + "</Context>"));
            server.start();
            server.get("make");

            assertThat(server.get("announce?item=lamp&end=commit")).isEqualTo("commit");
            assertThat(server.get("announce?item=chair&end=rollback")).isEqualTo("rollback");

            assertThat(server.get("announced")).isEqualTo("[lamp]");
            assertThat(server.get("sold")).isEqualTo("[lamp] []");
            assertThat(server.get("find?name=env/jms/sales")).isEqualTo(KtmConnectionFactory.class.getName());
        } finally {
            broker.stop();
        }
    }

    @Test
    void whatWasDecidedWhenTheProcessDiedIsDoneByTheNext() throws Exception {
        var process = new ProcessBuilder(JavaCommand.of(
                        List.of(
                                "-D" + MortalDatabase.DIES + "=true",
                                "-Dderby.stream.error.file=" + base.resolve("derby.log")),
                        Death.class.getName(),
                        base))
                .redirectErrorStream(true)
                .redirectOutput(base.resolve("output").toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(() -> read(base.resolve("output"))).isEqualTo(MortalDatabase.STATUS);

        try (var server = TomcatServer.start(base, Death.contextXml())) {
            var sold = server.get("sold");
            while (!sold.equals("[lamp] [lamp]")) {
                // A row that its branch holds is waited for; what else there may be is nothing at all, or an error.
                assertThat(sold).isIn("[] []", "[lamp] []", "[] [lamp]");
                sold = server.get("sold");
            }
            assertThat(server.get("sell?item=chair&end=commit")).isEqualTo("commit");
        } finally {
            Death.stopDatabases();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void whatIsWrongIsSaidWithTheNameOfTheResource() throws Exception {
        var wrong = Map.ofEntries(
                Map.entry("ktm logDirectory=\"${catalina.base}/context.xml\"", "context.xml"),
                Map.entry("ktm logdirectory=\"x\"", "expected one of logDirectory, inMemory"),
                Map.entry("ktm inMemory=\"true\" singleton=\"false\"", "expected singleton=\"true\""),
                Map.entry("ktm inMemory=\"true\" defaultTimeout=\"1 min\"", "expected seconds for defaultTimeout"),
                Map.entry("ktm logDirectory=\"${catalina.base}/ktm-log\"", "is open in process"),
                Map.entry("database ktm=\"nowhere\"", "with the name nowhere, found none"),
                Map.entry("database ktm=\"TransactionManager\"", "expected a resource of type dev.ktm.Ktm"),
                Map.entry("database ktm=\"ldap://somewhere/ktm\"", "expected a name in this container"),
                Map.entry("database maximumPoolSize=\"ten\"", "value of its kind, found maximumPoolSize"),
                Map.entry("database resourceManager=\"orders\"", "expected a name of its own"),
                Map.entry(
                        "database dataSourceClassName=\"org.postgresql.ds.PGSimpleDataSource\"",
                        "org.postgresql.xa.PGXADataSource"),
                Map.entry("database maximumPoolSiez=\"10\"", "found maximumPoolSiez"),
                Map.entry("database recoveryPassword=\"secret\"", "expected recoveryUser with recoveryPassword"),
                Map.entry("ktm inMemory=\"true\" password=\"secret\"", "found password"));
        var names = new HashMap<String, String>();
        var resources = new StringBuilder();
        wrong.keySet().forEach(said -> {
            var name = "wrong" + names.size();
            names.put(said, name);
            boolean isDatabase = said.startsWith("database");
            resources
                    .append("<Resource name='")
                    .append(name)
                    .append(isDatabase ? "' type='javax.sql.DataSource' factory='" : "' type='dev.ktm.Ktm' factory='")
                    .append((isDatabase ? KtmDataSourceObjectFactory.class : KtmObjectFactory.class).getName())
                    .append("' ")
                    .append(said.substring(said.indexOf(' ')))
                    .append("/>");
        });
        resources
                .append("<Resource name='face' type='jakarta.transaction.Transaction' factory='")
                .append(KtmObjectFactory.class.getName())
                .append("'/>");
        names.put("face", "face");
        try (var errors = new CaughtLog("org.apache.naming");
                var server = TomcatServer.start(base, contextXml().replace("</Context>", resources + "</Context>"))) {
            assertThat(server.get("make")).isEqualTo("made");
            for (var each : names.entrySet()) {
                var answer = server.get("find?name=env/" + each.getValue());
                assertThat(answer + errors.text())
                        .contains("resource " + each.getValue() + ": ")
                        .contains(wrong.getOrDefault(each.getKey(), "jakarta.transaction.UserTransaction"))
                        .doesNotContain("secret");
            }
        }
    }
}
