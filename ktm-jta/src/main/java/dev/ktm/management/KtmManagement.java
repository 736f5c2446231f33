package dev.ktm.management;

import dev.ktm.operator.Operations;
import dev.ktm.operator.OperatorException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanRegistrationException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.jspecify.annotations.Nullable;

/**
 * Makes coordinators beans of JMX. Each has a name of its own, so that several may be in one server; a coordinator that gets another
 * identity later keeps the name under which it was registered.
 */
public final class KtmManagement {

    private KtmManagement() {}

    /** A bean that is there until this is closed. */
    public static final class Registration implements AutoCloseable {
        private final MBeanServer server;
        private final ObjectName name;
        private final AtomicBoolean closed = new AtomicBoolean();

        private Registration(MBeanServer server, ObjectName name) {
            this.server = server;
            this.name = name;
        }

        /** What it is called. */
        public ObjectName name() {
            return name;
        }

        /** Takes the bean away, once; does nothing if somebody has done so already. */
        @Override
        public void close() {
            if (!closed.compareAndSet(false, true)) {
                // There may be another of that name by now: the same log, opened again.
                return;
            }
            try {
                server.unregisterMBean(name);
            } catch (InstanceNotFoundException e) {
                // So be it.
            } catch (MBeanRegistrationException e) {
                warn("the bean " + name + " could not be taken away", e);
            }
        }
    }

    /**
     * Makes a coordinator a bean of this server. It has to be closed before the coordinator is.
     *
     * @param operations {@code ktm.operations()}
     * @throws IllegalStateException if the coordinator is closed, or the server refuses, as when it is there already
     */
    public static Registration register(Operations operations, MBeanServer server) {
        try {
            var name = new ObjectName(
                    "dev.ktm:type=Coordinator,id=" + operations.manager().identity());
            server.registerMBean(
                    new StandardMBean(new CoordinatorBean(operations), CoordinatorMXBean.class, true), name);
            return new Registration(server, name);
        } catch (OperatorException | JMException e) {
            throw new IllegalStateException(
                    "expected a coordinator that is open and no bean yet, found otherwise: " + e.getMessage(), e);
        }
    }

    /**
     * As {@link #register(Operations, MBeanServer)}, in the server of the JVM. Null if that refuses, which is logged: no coordinator
     * stays closed for it.
     */
    public static @Nullable Registration register(Operations operations) {
        try {
            return register(operations, ManagementFactory.getPlatformMBeanServer());
        } catch (IllegalStateException | SecurityException | LinkageError e) {
            warn("the coordinator is no bean of JMX", e);
            return null;
        }
    }

    private static void warn(String what, Throwable why) {
        System.getLogger(KtmManagement.class.getName()).log(System.Logger.Level.WARNING, what, why);
    }
}
