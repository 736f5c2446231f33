package dev.ktm.servers;

import dev.ktm.Ktm;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.TextMessage;
import jakarta.jms.XAConnection;
import jakarta.jms.XAConnectionFactory;
import jakarta.jms.XASession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/**
 * A broker: each transaction is a message.
 *
 * @param factory for work
 * @param plain for looking at the queue
 * @param queue where the messages are
 */
record JmsClient(XAConnectionFactory factory, ConnectionFactory plain, String queue) implements Client {

    /** Nothing comes for so long when nothing is there, or the broker is busy. */
    private static final long EMPTY_MILLIS = 2_000;

    @Override
    public void setUp() {
        // The server has made the queue.
    }

    @Override
    public JmsSession open() throws JMSException {
        var connection = factory.createXAConnection();
        try {
            connection.start();
            var session = connection.createXASession();
            return new JmsSession(
                    connection, session, session.getXAResource(), session.createProducer(session.createQueue(queue)));
        } catch (JMSException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public PooledBroker pooled(Ktm ktm, String name) {
        return PooledBroker.open(ktm, name, factory, plain, queue);
    }

    @Override
    public List<String> drained() throws JMSException {
        try (var connection = plain.createConnection()) {
            connection.start();
            var session = connection.createSession();
            var found = new ArrayList<String>();
            var consumer = session.createConsumer(session.createQueue(queue));
            while (true) {
                var each = consumer.receive(EMPTY_MILLIS);
                if (each != null) {
                    found.add(((TextMessage) each).getText());
                } else if (committed().isEmpty()) {
                    return found;
                }
                // A busy broker takes its time to bring what is left.
            }
        }
    }

    @Override
    public Set<String> committed() throws JMSException {
        try (var connection = plain.createConnection()) {
            connection.start();
            var session = connection.createSession();
            var found = new TreeSet<String>();
            var browser = session.createBrowser(session.createQueue(queue));
            for (var messages = browser.getEnumeration(); messages.hasMoreElements(); ) {
                found.add(((TextMessage) messages.nextElement()).getText());
            }
            return found;
        }
    }

    @Override
    public Set<String> prepared() throws JMSException, XAException {
        try (var session = open()) {
            return Arrays.stream(session.xaResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN))
                    .map(JmsClient::nameOf)
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** Not as the client writes it, which may be another each time. */
    private static String nameOf(Xid xid) {
        var hex = HexFormat.of();
        return xid.getFormatId() + ":" + hex.formatHex(xid.getGlobalTransactionId()) + ":"
                + hex.formatHex(xid.getBranchQualifier());
    }

    /** A connection with one session. */
    record JmsSession(XAConnection connection, XASession session, XAResource xaResource, MessageProducer producer)
            implements Session {

        @Override
        public void write(String key) throws JMSException {
            producer.send(session.createTextMessage(key));
        }

        @Override
        public void close() throws JMSException {
            connection.close();
        }
    }
}
