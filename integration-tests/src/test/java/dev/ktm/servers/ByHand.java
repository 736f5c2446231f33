package dev.ktm.servers;

import dev.ktm.Ktm;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Enlists the resources of connections that are opened for each piece of work. */
final class ByHand implements Participant {

    private final Ktm ktm;
    private final String name;
    private final Client client;
    private final Set<Session> open = ConcurrentHashMap.newKeySet();

    private ByHand(Ktm ktm, String name, Client client) {
        this.ktm = ktm;
        this.name = name;
        this.client = client;
    }

    static ByHand register(Ktm ktm, String name, Client client) {
        ktm.register(name, client.recovery());
        return new ByHand(ktm, name, client);
    }

    @Override
    public Work open() throws Exception {
        var session = client.open();
        open.add(session);
        return new Work() {
            @Override
            public void join(Steps steps) throws Exception {
                var resource = new SteppedResource(name, session.xaResource(), steps);
                ktm.transactionManager().getTransaction().enlistResource(ktm.named(name, resource));
            }

            @Override
            public void write(String key) throws Exception {
                session.write(key);
            }

            @Override
            public void close() throws Exception {
                open.remove(session);
                session.close();
            }
        };
    }

    @Override
    public int busy() {
        return open.size();
    }

    @Override
    public int openConnections() {
        return open.size();
    }

    @Override
    public void close() {
        ktm.unregister(name);
    }
}
