package dev.ktm.lastresource;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A driver's data source to whose connections something can happen when they note a decision and when they commit. */
final class HookedDriver {

    /** What happens at a commit. */
    interface Hook {
        /** Before its decision is noted. */
        default void beforeTheNote() throws SQLException {}

        /** Before the driver is called; false to leave that out. */
        default boolean beforeTheCommit() throws SQLException {
            return true;
        }

        /** After the driver has committed. */
        default void afterTheCommit() throws SQLException {}
    }

    private volatile Hook hook = new Hook() {};
    private final DataSource driver;

    HookedDriver(DataSource driver) {
        this.driver = driver;
    }

    /** From now on this is what happens. */
    void setHook(Hook value) {
        hook = value;
    }

    DataSource dataSource() {
        return (DataSource) Proxy.newProxyInstance(
                HookedDriver.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                    var result = invoke(driver, method, arguments);
                    return result instanceof Connection connection ? hooked(connection) : result;
                });
    }

    private Connection hooked(Connection connection) {
        return (Connection) Proxy.newProxyInstance(
                HookedDriver.class.getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, arguments) -> {
                    // Outside of transactions nobody commits: whoever asks what was decided does.
                    return switch (method.getName()) {
                        case "prepareStatement" -> prepare(connection, method, arguments);
                        case "commit" -> commit(connection, method);
                        default -> invoke(connection, method, arguments);
                    };
                });
    }

    private @Nullable Object prepare(Connection connection, Method method, @Nullable Object[] arguments)
            throws Throwable {
        var sql = String.valueOf(Objects.requireNonNull(arguments)[0]).toLowerCase(java.util.Locale.ROOT);
        if (sql.startsWith("insert into ktm_decision")) {
            hook.beforeTheNote();
        }
        return invoke(connection, method, arguments);
    }

    private @Nullable Object commit(Connection connection, Method method) throws Throwable {
        if (hook.beforeTheCommit()) {
            invoke(connection, method, null);
        }
        hook.afterTheCommit();
        return null;
    }

    private static @Nullable Object invoke(Object target, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
