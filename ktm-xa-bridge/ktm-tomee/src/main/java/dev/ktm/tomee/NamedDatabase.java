package dev.ktm.tomee;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** A database whose connections have resources that say under which name they are found again. */
final class NamedDatabase implements InvocationHandler {

    private final XADataSource database;
    private final UnaryOperator<XAResource> naming;

    private NamedDatabase(XADataSource database, UnaryOperator<XAResource> naming) {
        this.database = database;
        this.naming = naming;
    }

    /** With all the interfaces that the database has. */
    static XADataSource of(XADataSource database, UnaryOperator<XAResource> naming) {
        var interfaces = new LinkedHashSet<Class<?>>();
        collect(database.getClass(), interfaces);
        return of(database, interfaces, naming);
    }

    /** As no {@link javax.sql.DataSource}, even if it is one: the server would prefer connections without XA. */
    static XADataSource withXaOnly(XADataSource database, UnaryOperator<XAResource> naming) {
        return of(database, Set.of(XADataSource.class), naming);
    }

    private static XADataSource of(XADataSource database, Set<Class<?>> interfaces, UnaryOperator<XAResource> naming) {
        return (XADataSource) Proxy.newProxyInstance(
                database.getClass().getClassLoader(),
                interfaces.toArray(Class<?>[]::new),
                new NamedDatabase(database, naming));
    }

    private static void collect(Class<?> type, Set<Class<?>> interfaces) {
        interfaces.add(XADataSource.class);
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            for (var one : each.getInterfaces()) {
                if (Modifier.isPublic(one.getModifiers())) {
                    interfaces.add(one);
                }
            }
        }
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        if (arguments != null && method.getName().equals("equals") && method.getDeclaringClass() == Object.class) {
            return proxy == arguments[0];
        }
        try {
            var answer = method.invoke(database, arguments);
            return answer instanceof XAConnection connection ? new NamedConnection(connection, naming) : answer;
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
