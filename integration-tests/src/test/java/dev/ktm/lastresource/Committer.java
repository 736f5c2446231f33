package dev.ktm.lastresource;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.servers.Kind;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import javax.transaction.xa.XAResource;

/** A process of its own that commits one row in each database, and dies on the way. */
final class Committer {

    /** The exit code of a death that was wanted. */
    static final int KILLED = 42;

    /** When the process dies. */
    enum Death {
        /** The others are prepared; the log does not say yet who decides. */
        BEFORE_THE_DELEGATION,
        /** It is durable that the last resource decides. */
        BEFORE_THE_NOTE,
        /** The row is there and not committed. */
        BEFORE_THE_COMMIT,
        /** The last resource has decided, and nobody was told. */
        AFTER_THE_COMMIT,
        /** The client was told; the end may not be durable. */
        AFTER_ALL
    }

    /** How the one without XA takes part. */
    enum Way {
        /** A resource that is enlisted by hand. */
        BY_HAND,
        /** A data source that enlists itself. */
        POOLED
    }

    private Committer() {}

    /**
     * Arguments: a directory, where to die, in which way; kind and port of the server that has the one without XA, if it is no
     * file.
     */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var databases = arguments.length > 3
                ? Databases.in(directory, Kind.valueOf(arguments[3]).plain(Integer.parseInt(arguments[4])))
                : Databases.in(directory);
        var death = Death.valueOf(arguments[1]);
        switch (Way.valueOf(arguments[2])) {
            case BY_HAND -> byHand(databases, death);
            case POOLED -> pooled(databases, death);
        }
        die();
    }

    private static void byHand(Databases databases, Death death) throws Exception {
        var ktm = databases.open(KtmOptions.builder(), databases.audit());
        var connection = databases.audit().getConnection();
        ktm.transactionManager().begin();
        var transaction = ktm.transactionManager().getTransaction();
        transaction.enlistResource(ktm.named("audit", new LocalResource(connection).diesAt(death)));
        Databases.insert(connection, 1);
        commitWithOrders(ktm, databases, death);
    }

    private static void pooled(Databases databases, Death death) throws Exception {
        var ktm = databases.openWithOrders(KtmOptions.builder());
        var driver = new HookedDriver(databases.audit());
        var audit = databases.pool(ktm, driver.dataSource());
        ktm.transactionManager().begin();
        try (var connection = audit.getConnection()) {
            Databases.insert(connection, 1);
        }
        driver.setHook(new HookedDriver.Hook() {
            @Override
            public void beforeTheNote() {
                dieAt(death, Death.BEFORE_THE_NOTE);
            }

            @Override
            public boolean beforeTheCommit() {
                dieAt(death, Death.BEFORE_THE_COMMIT);
                return true;
            }

            @Override
            public void afterTheCommit() {
                dieAt(death, Death.AFTER_THE_COMMIT);
            }
        });
        commitWithOrders(ktm, databases, death);
    }

    private static void commitWithOrders(Ktm ktm, Databases databases, Death death) throws Exception {
        var xa = databases.orders().getXAConnection();
        ktm.transactionManager()
                .getTransaction()
                .enlistResource(ktm.named("orders", orders(xa.getXAResource(), death)));
        Databases.insert(xa.getConnection(), 1);
        ktm.transactionManager().commit();
    }

    private static void dieAt(Death death, Death now) {
        if (death == now) {
            die();
        }
    }

    /** Without a word to anybody. */
    static void die() {
        Runtime.getRuntime().halt(KILLED);
    }

    private static XAResource orders(XAResource resource, Death death) {
        return (XAResource) Proxy.newProxyInstance(
                Committer.class.getClassLoader(), new Class<?>[] {XAResource.class}, (proxy, method, arguments) -> {
                    try {
                        var result = method.invoke(resource, arguments);
                        if (method.getName().equals("prepare") && death == Death.BEFORE_THE_DELEGATION) {
                            die();
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
