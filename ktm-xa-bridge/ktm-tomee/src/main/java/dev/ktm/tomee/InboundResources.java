package dev.ktm.tomee;

import dev.ktm.Ktm;
import jakarta.resource.ResourceException;
import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.ResourceAdapter;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import javax.transaction.xa.XAResource;
import org.apache.openejb.core.mdb.InboundRecovery;
import org.apache.openejb.resource.XAResourceWrapper;
import org.jboss.tm.XAResourceRecovery;

/**
 * What message-driven beans receive through: each of their containers is one resource manager, by its id. The server says what a
 * container listens to, and has the resources of its messages named.
 */
final class InboundResources implements InboundRecovery, XAResourceWrapper {

    private final Ktm ktm;
    private final Map<String, Container> containers = new ConcurrentHashMap<>();

    InboundResources(Ktm ktm) {
        this.ktm = ktm;
    }

    @Override
    public void recover(ResourceAdapter adapter, ActivationSpec activation, String id) {
        containers
                .computeIfAbsent(id, each -> {
                    var container = new Container(ktm, each, adapter);
                    ktm.recoveryRegistry().addXAResourceRecovery(container);
                    return container;
                })
                .activations
                .add(new WeakReference<>(activation));
    }

    /** Data sources come here as well, with the address of their database for a name: what has a name has it already. */
    @Override
    public XAResource wrap(XAResource resource, String name) {
        boolean isNamed = resource instanceof org.jboss.tm.XAResourceWrapper;
        return isNamed || !containers.containsKey(name) ? resource : ktm.named(nameOf(name), resource);
    }

    private static String nameOf(String container) {
        return "inbound/" + container;
    }

    private static final class Container implements XAResourceRecovery {

        private final Ktm ktm;
        private final String name;
        private final ResourceAdapter adapter;
        /** The server drops what nobody listens to any more, and does not say so. */
        private final List<WeakReference<ActivationSpec>> activations = new CopyOnWriteArrayList<>();

        Container(Ktm ktm, String id, ResourceAdapter adapter) {
            this.ktm = ktm;
            this.name = nameOf(id);
            this.adapter = adapter;
        }

        @Override
        public XAResource[] getXAResources() {
            activations.removeIf(each -> each.get() == null);
            var live = activations.stream()
                    .map(WeakReference::get)
                    .filter(Objects::nonNull)
                    .toArray(ActivationSpec[]::new);
            try {
                var resources = adapter.getXAResources(live);
                return Stream.of(resources == null ? new XAResource[0] : resources)
                        .map(each -> ktm.named(name, each))
                        .toArray(XAResource[]::new);
            } catch (ResourceException e) {
                throw new IllegalStateException(
                        "the resource adapter of the container " + name + " gives no resources to recover", e);
            }
        }
    }
}
