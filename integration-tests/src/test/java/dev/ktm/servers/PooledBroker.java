package dev.ktm.servers;

import dev.ktm.Ktm;
import dev.ktm.jms.BrokerProfile;
import dev.ktm.jms.KtmConnectionFactory;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.XAConnectionFactory;

/** A broker through {@link KtmConnectionFactory}. */
final class PooledBroker implements Participant {

    private final SteppedDriver driver;
    private final KtmConnectionFactory factory;
    private final String queue;

    private PooledBroker(SteppedDriver driver, KtmConnectionFactory factory, String queue) {
        this.driver = driver;
        this.factory = factory;
        this.queue = queue;
    }

    static PooledBroker open(Ktm ktm, String name, XAConnectionFactory xa, ConnectionFactory plain, String queue) {
        var driver = new SteppedDriver(name);
        var factory = KtmConnectionFactory.builder(ktm, name, driver.watch(XAConnectionFactory.class, xa))
                .profile(
                        xa.getClass().getName().contains("artemis")
                                ? BrokerProfile.ARTEMIS
                                : BrokerProfile.ACTIVEMQ_CLASSIC)
                .outsideTransactions(plain)
                .build();
        return new PooledBroker(driver, factory, queue);
    }

    @Override
    public Work open() {
        return new Work() {
            @Override
            public void join(Steps steps) {
                driver.tell(steps);
            }

            @Override
            public void write(String key) {
                try (var context = factory.createContext()) {
                    context.createProducer().send(context.createQueue(queue), key);
                }
            }

            @Override
            public void close() {
                driver.tell(Steps.UNDISTURBED);
            }
        };
    }

    @Override
    public int busy() {
        return factory.enlistedSessions();
    }

    @Override
    public int openConnections() {
        return driver.openConnections();
    }

    @Override
    public void close() {
        factory.close();
    }
}
