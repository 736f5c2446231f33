package dev.ktm.servers;

import dev.ktm.Ktm;
import dev.ktm.jta.XaResourceFactory;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.transaction.xa.XAResource;

/** What a program that uses a resource manager has: its driver, and where it is. */
public interface Client {

    /** Makes the table or the queue. */
    void setUp() throws Exception;

    /** A new connection. */
    Session open() throws Exception;

    /** Its pool, registered with a coordinator under this name, which reaches it for recovery as the pool does. */
    Participant pooled(Ktm ktm, String name) throws Exception;

    /** The keys of all transactions that everybody can see. */
    Set<String> committed() throws Exception;

    /** The same, each as often as it is there. A queue is empty afterwards. */
    List<String> drained() throws Exception;

    /** The branches that are prepared and not finished, as the server names them. */
    Set<String> prepared() throws Exception;

    /** How a coordinator reaches it for recovery: with a connection of its own each time. */
    default XaResourceFactory recovery() {
        Map<XAResource, Session> open = new ConcurrentHashMap<>();
        return new XaResourceFactory() {
            @Override
            public XAResource open() throws Exception {
                var session = Client.this.open();
                open.put(session.xaResource(), session);
                return session.xaResource();
            }

            @Override
            public void close(XAResource resource) throws Exception {
                var session = open.remove(resource);
                if (session != null) {
                    session.close();
                }
            }
        };
    }

    /** Works through one way, and looks and recovers through another that nobody disturbs. */
    record ThroughProxy(Client worker, Client observer) implements Client {

        @Override
        public void setUp() throws Exception {
            observer.setUp();
        }

        @Override
        public Session open() throws Exception {
            return worker.open();
        }

        @Override
        public Participant pooled(Ktm ktm, String name) throws Exception {
            return worker.pooled(ktm, name);
        }

        @Override
        public List<String> drained() throws Exception {
            return observer.drained();
        }

        @Override
        public Set<String> committed() throws Exception {
            return observer.committed();
        }

        @Override
        public Set<String> prepared() throws Exception {
            return observer.prepared();
        }

        @Override
        public XaResourceFactory recovery() {
            return observer.recovery();
        }
    }
}
