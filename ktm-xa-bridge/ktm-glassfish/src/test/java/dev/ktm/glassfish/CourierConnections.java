package dev.ktm.glassfish;

import jakarta.resource.spi.ConnectionDefinition;
import jakarta.resource.spi.ConnectionManager;
import jakarta.resource.spi.ConnectionRequestInfo;
import jakarta.resource.spi.ManagedConnection;
import jakarta.resource.spi.ManagedConnectionFactory;
import java.io.PrintWriter;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Set;
import javax.security.auth.Subject;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** Connections of the adapter, which take part in transactions and do nothing else. */
@ConnectionDefinition(
        connectionFactory = CourierConnections.Desk.class,
        connectionFactoryImpl = CourierConnections.OpenDesk.class,
        connection = CourierConnections.Letter.class,
        connectionImpl = CourierConnections.OpenLetter.class)
public class CourierConnections implements ManagedConnectionFactory {

    private static final long serialVersionUID = 1L;

    /** What applications look up. */
    public interface Desk {}

    /** There is nothing to be had from it. */
    public static class OpenDesk implements Desk {}

    /** What applications would get from it. */
    public interface Letter {}

    /** Nothing stands in it. */
    public static class OpenLetter implements Letter {}

    @Override
    public Object createConnectionFactory(ConnectionManager manager) {
        return new OpenDesk();
    }

    @Override
    public Object createConnectionFactory() {
        return new OpenDesk();
    }

    @Override
    public ManagedConnection createManagedConnection(@Nullable Subject subject, @Nullable ConnectionRequestInfo info) {
        XAResource resource = new WitnessResource(new ArrayList<>());
        return (ManagedConnection) Proxy.newProxyInstance(
                CourierConnections.class.getClassLoader(),
                new Class<?>[] {ManagedConnection.class},
                (proxy, method, arguments) -> method.getName().equals("getXAResource") ? resource : null);
    }

    @Override
    public @Nullable ManagedConnection matchManagedConnections(
            @SuppressWarnings("rawtypes") Set connections,
            @Nullable Subject subject,
            @Nullable ConnectionRequestInfo info) {
        return null;
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
