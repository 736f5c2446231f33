package dev.ktm.lastresource;

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

    private Committer() {}

    /** Arguments: a directory, where to die; kind and port of the server that has the one without XA, if it is no file. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var databases = arguments.length > 2
                ? Databases.in(directory, Kind.valueOf(arguments[2]).plain(Integer.parseInt(arguments[3])))
                : Databases.in(directory);
        var death = Death.valueOf(arguments[1]);
        var ktm = databases.open(KtmOptions.builder(), databases.audit());
        var xa = databases.orders().getXAConnection();
        var connection = databases.audit().getConnection();
        var manager = ktm.transactionManager();
        manager.begin();
        var transaction = manager.getTransaction();
        transaction.enlistResource(ktm.named("audit", new LocalResource(connection).diesAt(death)));
        Databases.insert(connection, 1);
        transaction.enlistResource(ktm.named("orders", orders(xa.getXAResource(), death)));
        Databases.insert(xa.getConnection(), 1);
        manager.commit();
        die();
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
