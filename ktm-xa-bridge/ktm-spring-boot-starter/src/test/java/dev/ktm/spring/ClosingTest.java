package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import jakarta.jms.ConnectionFactory;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import javax.sql.DataSource;
import javax.transaction.xa.XAResource;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.XADataSourceWrapper;
import org.springframework.boot.jms.XAConnectionFactoryWrapper;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;

/** How an application begins without its broker, and how it ends. */
class ClosingTest {

    private static final String BROKER = "vm://77";
    private static final Duration LONGEST_END = Duration.ofSeconds(20);

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(KtmAutoConfiguration.class))
            .withPropertyValues("ktm.in-memory=true");

    /** A broker that is there as long as the test. */
    @Configuration(proxyBeanMethods = false)
    static class Queue {
        @Bean
        ConnectionFactory queue(XAConnectionFactoryWrapper wrapper) throws Exception {
            return wrapper.wrapConnectionFactory(new ActiveMQConnectionFactory(BROKER));
        }
    }

    /** A broker that is not there. */
    @Configuration(proxyBeanMethods = false)
    static class Nowhere {
        @Bean
        ConnectionFactory queue(XAConnectionFactoryWrapper wrapper) throws Exception {
            return wrapper.wrapConnectionFactory(new ActiveMQConnectionFactory("vm://78"));
        }
    }

    /** A database. */
    @Configuration(proxyBeanMethods = false)
    static class Orders {
        @Bean
        DataSource orders(XADataSourceWrapper wrapper) throws Exception {
            return wrapper.wrapDataSource(database());
        }
    }

    private static JdbcDataSource database() {
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:closing;DB_CLOSE_DELAY=-1");
        database.setUser("sa");
        database.setPassword("");
        return database;
    }

    private static EmbeddedActiveMQ broker() throws Exception {
        var broker = new EmbeddedActiveMQ();
        broker.setConfiguration(new ConfigurationImpl()
                .setPersistenceEnabled(false)
                .setSecurityEnabled(false)
                .addAcceptorConfiguration("in-vm", BROKER));
        return broker.start();
    }

    /** Waits in the middle of its commit. */
    private static XAResource stoppingInCommit(CountDownLatch reached, CountDownLatch goOn) {
        return (XAResource) Proxy.newProxyInstance(
                XAResource.class.getClassLoader(), new Class<?>[] {XAResource.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("commit")) {
                        reached.countDown();
                        goOn.await();
                    }
                    return method.getReturnType() == int.class
                            ? Integer.valueOf(XAResource.XA_OK)
                            : method.getReturnType() == boolean.class ? Boolean.FALSE : null;
                });
    }

    /** Whether a thread that closes the application has come to where it waits for somebody else. */
    private static boolean waits(Thread closing) {
        var state = closing.getState();
        return (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)
                && Stream.of(closing.getStackTrace())
                        .anyMatch(each -> each.getClassName().equals(BeanConnectionFactory.class.getName())
                                || each.getClassName().equals(Ktm.class.getName()));
    }

    @Test
    void whatIsDecidedReachesTheBrokerBeforeTheApplicationHasEnded() throws Exception {
        var broker = broker();
        try {
            runner.withUserConfiguration(Queue.class).run(context -> {
                var transactions = context.getBean(Ktm.class).transactionManager();
                var queue = context.getBean(ConnectionFactory.class);
                var reached = new CountDownLatch(1);
                var goOn = new CountDownLatch(1);
                var sale = new FutureTask<Void>(() -> {
                    transactions.begin();
                    transactions.getTransaction().enlistResource(stoppingInCommit(reached, goOn));
                    try (var session = queue.createContext()) {
                        session.createProducer().send(session.createQueue("sold"), "lamp");
                    }
                    transactions.commit();
                    return null;
                });
                new Thread(sale).start();
                reached.await();

                var closing = new Thread(context::close);
                closing.start();
                while (!waits(closing)) {
                    Thread.onSpinWait();
                }
                goOn.countDown();
                sale.get();
                closing.join();

                try (var factory = new ActiveMQConnectionFactory(BROKER);
                        var session = factory.createContext();
                        var consumer = session.createConsumer(session.createQueue("sold"))) {
                    assertThat(consumer.receiveBodyNoWait(String.class)).isEqualTo("lamp");
                }
            });
        } finally {
            broker.stop();
        }
    }

    @Test
    void whatIsNotDecidedIsRolledBackWhenTheApplicationEnds() {
        var template = new JdbcTemplate(database());
        template.execute("create table sale (item varchar(20))");
        runner.withUserConfiguration(Orders.class).run(context -> {
            var transactions = context.getBean(Ktm.class).transactionManager();
            transactions.begin();
            new JdbcTemplate(context.getBean(DataSource.class)).update("insert into sale values ('lamp')");

            context.close();

            assertThatThrownBy(transactions::commit).isNotNull();
        });
        assertThat(Objects.requireNonNull(template.queryForObject("select count(*) from sale", Integer.class)))
                .isZero();
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(each -> each.getName().startsWith("ktm"))
                .toList();
    }

    @Test
    void noThreadIsLeftOfAnApplicationThatHasEnded() throws Exception {
        var before = threads();
        for (int deployment = 0; deployment < 2; deployment++) {
            runner.withUserConfiguration(Orders.class)
                    .run(context -> assertThat(threads()).hasSizeGreaterThan(before.size()));
            for (var left : threads()) {
                if (!before.contains(left)) {
                    // It has been told to end, and may be about to.
                    left.join(LONGEST_END.toMillis());
                    assertThat(left.isAlive()).as(left.getName()).isFalse();
                }
            }
        }
    }

    @Test
    void anApplicationStartsWithoutItsBroker() {
        runner.withUserConfiguration(Nowhere.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context.getBean(Ktm.class).resourceManagers()).containsExactly("queue");
        });
    }
}
