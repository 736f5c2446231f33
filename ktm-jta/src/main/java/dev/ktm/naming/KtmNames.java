package dev.ktm.naming;

import dev.ktm.Ktm;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.naming.Context;
import javax.naming.NameAlreadyBoundException;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;

/** The faces of a coordinator under the names where programs look for them. */
@SuppressWarnings("BanJNDI") // The names are constants of its own.
public final class KtmNames {

    private KtmNames() {}

    /**
     * What belongs to a coordinator, by its name: {@code comp/UserTransaction} and {@code comp/TransactionSynchronizationRegistry} as
     * Jakarta EE has them, and {@code comp/TransactionManager}, {@code TransactionManager}, {@code appserver/TransactionManager}
     * and {@code pm/TransactionManager}, where frameworks look for the manager.
     */
    public static Map<String, Object> of(Ktm ktm) {
        var names = new LinkedHashMap<String, Object>();
        names.put("comp/UserTransaction", ktm.userTransaction());
        names.put("comp/TransactionSynchronizationRegistry", ktm.synchronizationRegistry());
        names.put("comp/TransactionManager", ktm.transactionManager());
        names.put("TransactionManager", ktm.transactionManager());
        names.put("appserver/TransactionManager", ktm.transactionManager());
        names.put("pm/TransactionManager", ktm.transactionManager());
        return names;
    }

    /**
     * Binds {@linkplain #of all of them} in a context, which stands for {@code java:}, with the contexts between that are not there.
     *
     * @throws NameAlreadyBoundException if one of them is taken; those bound until then are taken back
     */
    public static void bind(Context context, Ktm ktm) throws NamingException {
        var bound = new LinkedHashMap<String, Object>();
        try {
            for (var each : of(ktm).entrySet()) {
                makeParent(context, each.getKey());
                context.bind(each.getKey(), each.getValue());
                bound.put(each.getKey(), each.getValue());
            }
        } catch (NamingException e) {
            for (var name : bound.keySet()) {
                try {
                    context.unbind(name);
                } catch (NamingException again) {
                    e.addSuppressed(again);
                }
            }
            throw e;
        }
    }

    /** Takes back what {@link #bind} has bound, and nothing else that has one of the names. The contexts stay. */
    public static void unbind(Context context, Ktm ktm) throws NamingException {
        for (var each : of(ktm).entrySet()) {
            try {
                if (context.lookup(each.getKey()) == each.getValue()) {
                    context.unbind(each.getKey());
                }
            } catch (NameNotFoundException e) {
                // It is not there.
            }
        }
    }

    private static void makeParent(Context context, String name) throws NamingException {
        int slash = name.indexOf('/');
        if (slash < 0) {
            return;
        }
        try {
            context.createSubcontext(name.substring(0, slash));
        } catch (NameAlreadyBoundException e) {
            // It is there.
        }
    }
}
