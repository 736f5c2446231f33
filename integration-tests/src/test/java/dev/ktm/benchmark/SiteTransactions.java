package dev.ktm.benchmark;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import jakarta.transaction.TransactionManager;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.sql.DataSource;

/**
 * What an application does with a product's own data sources and connection factory: its unit of work is a transaction.
 *
 * @param manager of the transactions
 * @param site where they work
 * @param sources one for each database of the site
 * @param messaging how messages are sent, if the site has a broker
 * @param forced how often the product's log has waited for the device
 * @param opened what is closed in the end, before the site
 */
record SiteTransactions(
        TransactionManager manager,
        Site site,
        List<? extends DataSource> sources,
        Optional<Messaging> messaging,
        LongSupplier forced,
        AutoCloseable opened)
        implements DurableLog {

    /**
     * A connection factory, used as its product wants.
     *
     * @param factory takes part in transactions
     * @param pooled whether connections are taken and given back in each transaction; if not, each caller keeps one
     */
    record Messaging(ConnectionFactory factory, boolean pooled) {}

    /** Sends a message. */
    private interface Sender {
        void send() throws JMSException;
    }

    @Override
    public Appender appender() {
        var sender = sender();
        return () -> {
            manager.begin();
            for (int i = 0; i < sources.size(); i++) {
                try (var connection = sources.get(i).getConnection()) {
                    site.databases().get(i).insert(connection);
                }
            }
            sender.send();
            manager.commit();
        };
    }

    private Sender sender() {
        site.broker().ifPresent(QueueBroker::purge);
        if (messaging.isEmpty()) {
            return () -> {};
        }
        var factory = messaging.get().factory();
        if (messaging.get().pooled()) {
            return () -> {
                try (var connection = factory.createConnection()) {
                    send(connection);
                }
            };
        }
        try {
            var connection = factory.createConnection();
            return () -> send(connection);
        } catch (JMSException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void send(Connection connection) throws JMSException {
        try (var session = connection.createSession(true, Session.SESSION_TRANSACTED);
                var producer = session.createProducer(session.createQueue(QueueBroker.QUEUE))) {
            producer.send(session.createTextMessage(QueueBroker.MESSAGE));
        }
    }

    @Override
    public long forces() {
        return forced.getAsLong();
    }

    @Override
    public void close() throws Exception {
        try (site) {
            opened.close();
        }
    }
}
