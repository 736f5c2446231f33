package dev.ktm.tomee;

import dev.ktm.jta.XaResourceFactory;
import jakarta.transaction.SystemException;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.geronimo.transaction.manager.NamedXAResource;
import org.apache.geronimo.transaction.manager.NamedXAResourceFactory;

/** The resources of a connector, to find and finish branches with. The server gives them, each on a connection of its own. */
final class ConnectorResource implements XaResourceFactory {

    private final NamedXAResourceFactory factory;

    ConnectorResource(NamedXAResourceFactory factory) {
        this.factory = factory;
    }

    @Override
    public XAResource open() throws SystemException {
        return new Named(factory.getNamedXAResource());
    }

    @Override
    public void close(XAResource resource) {
        factory.returnNamedXAResource(((Named) resource).resource);
    }

    /** Recognises what the server enlists by the name that it bears, which is that of the connector. */
    private static final class Named implements XAResource {

        private final NamedXAResource resource;

        Named(NamedXAResource resource) {
            this.resource = resource;
        }

        @Override
        public boolean isSameRM(XAResource other) throws XAException {
            return other instanceof NamedXAResource named
                    ? named.getName().equals(resource.getName())
                    : resource.isSameRM(other);
        }

        @Override
        public void start(Xid xid, int flags) throws XAException {
            resource.start(xid, flags);
        }

        @Override
        public void end(Xid xid, int flags) throws XAException {
            resource.end(xid, flags);
        }

        @Override
        public int prepare(Xid xid) throws XAException {
            return resource.prepare(xid);
        }

        @Override
        public void commit(Xid xid, boolean onePhase) throws XAException {
            resource.commit(xid, onePhase);
        }

        @Override
        public void rollback(Xid xid) throws XAException {
            resource.rollback(xid);
        }

        @Override
        public void forget(Xid xid) throws XAException {
            resource.forget(xid);
        }

        @Override
        public Xid[] recover(int flags) throws XAException {
            return resource.recover(flags);
        }

        @Override
        public int getTransactionTimeout() throws XAException {
            return resource.getTransactionTimeout();
        }

        @Override
        public boolean setTransactionTimeout(int seconds) throws XAException {
            return resource.setTransactionTimeout(seconds);
        }
    }
}
