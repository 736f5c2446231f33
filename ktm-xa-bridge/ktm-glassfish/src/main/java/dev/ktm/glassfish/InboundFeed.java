package dev.ktm.glassfish;

import com.sun.enterprise.connectors.ConnectorRegistry;
import com.sun.enterprise.connectors.inbound.ActiveInboundResourceAdapterImpl;
import com.sun.enterprise.connectors.inbound.MessageEndpointFactoryInfo;
import jakarta.resource.ResourceException;
import jakarta.resource.spi.ActivationSpec;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import javax.transaction.xa.XAResource;
import org.jboss.tm.XAResourceRecovery;

/**
 * What the message-driven beans of a resource adapter receive through. The server has a handler for that, which asks the adapter, and
 * drops the answer. Safe for many threads.
 */
final class InboundFeed implements XAResourceRecovery {

    private final String adapter;

    /** Of the resource adapter of this name. */
    InboundFeed(String adapter) {
        this.adapter = adapter;
    }

    /** The names of the resource adapters that are there and can receive. */
    static Stream<String> adapters() {
        return Arrays.stream(ConnectorRegistry.getInstance().getAllActiveResourceAdapters())
                .filter(ActiveInboundResourceAdapterImpl.class::isInstance)
                .map(each -> each.getModuleName());
    }

    @Override
    public XAResource[] getXAResources() {
        if (!(ConnectorRegistry.getInstance().getActiveResourceAdapter(adapter)
                instanceof ActiveInboundResourceAdapterImpl active)) {
            return new XAResource[0];
        }
        var activations = active.getAllEndpointFactories().stream()
                .map(MessageEndpointFactoryInfo::getActivationSpec)
                .toArray(ActivationSpec[]::new);
        if (activations.length == 0) {
            return new XAResource[0];
        }
        try {
            var resources = active.getResourceAdapter().getXAResources(activations);
            return resources == null
                    ? new XAResource[0]
                    : Arrays.stream(resources).filter(Objects::nonNull).toArray(XAResource[]::new);
        } catch (UnsupportedOperationException e) {
            // So says one that takes no part in transactions.
            return new XAResource[0];
        } catch (ResourceException e) {
            throw new IllegalStateException("resource adapter " + adapter + " gives no resources to recover", e);
        }
    }
}
