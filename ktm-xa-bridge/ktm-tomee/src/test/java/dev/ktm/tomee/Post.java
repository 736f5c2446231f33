package dev.ktm.tomee;

import jakarta.resource.ResourceException;
import jakarta.resource.spi.ConnectionEvent;
import jakarta.resource.spi.ConnectionEventListener;
import jakarta.resource.spi.ConnectionManager;
import jakarta.resource.spi.ConnectionRequestInfo;
import jakarta.resource.spi.LocalTransaction;
import jakarta.resource.spi.ManagedConnection;
import jakarta.resource.spi.ManagedConnectionFactory;
import jakarta.resource.spi.ManagedConnectionMetaData;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.security.auth.Subject;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** What mail is sent through: a connector whose connections take part in transactions. */
public interface Post {

    /** Sends. */
    void send() throws ResourceException;

    /** Where it goes. */
    Object office();

    /** A connection of an application. */
    interface Letterbox {
        /** Gives it back. */
        void close();
    }

    /** Makes connections. */
    class Factory implements ManagedConnectionFactory {

        final MailResource.Office office = new MailResource.Office();

        @Override
        public Object createConnectionFactory(ConnectionManager manager) {
            var factory = this;
            return new Post() {
                @Override
                public void send() throws ResourceException {
                    ((Letterbox) manager.allocateConnection(factory, null)).close();
                }

                @Override
                public Object office() {
                    return office;
                }
            };
        }

        @Override
        public Object createConnectionFactory() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ManagedConnection createManagedConnection(
                @Nullable Subject subject, @Nullable ConnectionRequestInfo info) {
            return new Managed(office.resource());
        }

        @Override
        public @Nullable ManagedConnection matchManagedConnections(
                @SuppressWarnings("rawtypes") Set connections,
                @Nullable Subject subject,
                @Nullable ConnectionRequestInfo info) {
            return connections.isEmpty()
                    ? null
                    : (ManagedConnection) connections.iterator().next();
        }

        @Override
        public void setLogWriter(@Nullable PrintWriter out) {}

        @Override
        public @Nullable PrintWriter getLogWriter() {
            return null;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** A connection. */
    final class Managed implements ManagedConnection {

        private final XAResource resource;
        private final List<ConnectionEventListener> listeners = new CopyOnWriteArrayList<>();

        Managed(XAResource resource) {
            this.resource = resource;
        }

        @Override
        public Object getConnection(@Nullable Subject subject, @Nullable ConnectionRequestInfo info) {
            return new Handle(this);
        }

        @Override
        public XAResource getXAResource() {
            return resource;
        }

        @Override
        public void addConnectionEventListener(ConnectionEventListener listener) {
            listeners.add(listener);
        }

        @Override
        public void removeConnectionEventListener(ConnectionEventListener listener) {
            listeners.remove(listener);
        }

        @Override
        public void destroy() {}

        @Override
        public void cleanup() {}

        @Override
        public void associateConnection(Object connection) {}

        @Override
        public LocalTransaction getLocalTransaction() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ManagedConnectionMetaData getMetaData() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setLogWriter(@Nullable PrintWriter out) {}

        @Override
        public @Nullable PrintWriter getLogWriter() {
            return null;
        }
    }

    /** What the application has of a connection; public because the server calls it by reflection. */
    class Handle implements Letterbox {

        private final Managed connection;

        Handle(Managed connection) {
            this.connection = connection;
        }

        @Override
        public void close() {
            var event = new ConnectionEvent(connection, ConnectionEvent.CONNECTION_CLOSED);
            event.setConnectionHandle(this);
            connection.listeners.forEach(each -> each.connectionClosed(event));
        }
    }
}
