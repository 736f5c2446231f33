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
import javax.transaction.xa.XAResource;
import org.apache.openejb.core.mdb.InboundRecovery;
import org.jboss.tm.XAResourceRecovery;
import org.jspecify.annotations.Nullable;

/**
 * What message-driven beans receive through: each of their containers is a resource manager. The server says what a container
 * listens to. The resources of its messages bear no name: the server could have them named, but then wraps transactions for its
 * pools as well, anew each time, and a pool loses one in the middle when the collector comes.
 */
final class InboundResources implements InboundRecovery {

    private final Ktm ktm;
    private final Map<String, Container> containers = new ConcurrentHashMap<>();

    InboundResources(Ktm ktm) {
        this.ktm = ktm;
    }

    @Override
    public void recover(ResourceAdapter adapter, ActivationSpec activation, String id) {
        containers
                .compute(
                        id,
                        (each, known) ->
                                known != null && known.adapter == adapter ? known : replace(each, known, adapter))
                .activations
                .add(new WeakReference<>(activation));
    }

    /** An application that is deployed again brings its adapter anew. */
    private Container replace(String id, @Nullable Container known, ResourceAdapter adapter) {
        if (known != null) {
            ktm.recoveryRegistry().removeXAResourceRecovery(known);
        }
        var container = new Container(id, adapter);
        ktm.recoveryRegistry().addXAResourceRecovery(container);
        return container;
    }

    /** An adapter that is stopped is asked no more. */
    void remove(ResourceAdapter adapter) {
        containers.values().removeIf(container -> {
            if (container.adapter != adapter) {
                return false;
            }
            ktm.recoveryRegistry().removeXAResourceRecovery(container);
            return true;
        });
    }

    private static final class Container implements XAResourceRecovery {

        private final String id;
        private final ResourceAdapter adapter;
        /** The server drops what nobody listens to any more, and does not say so. */
        private final List<WeakReference<ActivationSpec>> activations = new CopyOnWriteArrayList<>();

        Container(String id, ResourceAdapter adapter) {
            this.id = id;
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
                return resources == null ? new XAResource[0] : resources;
            } catch (ResourceException e) {
                throw new IllegalStateException(
                        "the resource adapter of the container " + id + " gives no resources to recover", e);
            }
        }
    }
}
