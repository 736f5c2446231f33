package dev.ktm.tomee;

import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.BootstrapContext;
import jakarta.resource.spi.ResourceAdapter;
import jakarta.resource.spi.endpoint.MessageEndpointFactory;
import java.util.Objects;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/** A resource adapter that delivers what a test has it deliver. */
public class MailAdapter implements ResourceAdapter {

    final MailResource.Office office = new MailResource.Office();
    private @Nullable BootstrapContext context;
    private @Nullable MessageEndpointFactory endpoints;

    BootstrapContext context() {
        return Objects.requireNonNull(context);
    }

    /** Delivers in a transaction that its own resource takes part in. */
    void deliver(String text) throws Exception {
        var factory = Objects.requireNonNull(endpoints);
        var endpoint = factory.createEndpoint(office.resource());
        endpoint.beforeDelivery(MailListener.class.getMethod("arrived", String.class));
        try {
            ((MailListener) endpoint).arrived(text);
        } finally {
            endpoint.afterDelivery();
            endpoint.release();
        }
    }

    @Override
    public void start(BootstrapContext value) {
        context = value;
    }

    @Override
    public void stop() {}

    @Override
    public void endpointActivation(MessageEndpointFactory factory, ActivationSpec spec) {
        endpoints = factory;
    }

    @Override
    public void endpointDeactivation(MessageEndpointFactory factory, ActivationSpec spec) {
        endpoints = null;
    }

    @Override
    public XAResource[] getXAResources(ActivationSpec[] specs) {
        return specs.length == 0 ? new XAResource[0] : new XAResource[] {office.resource()};
    }
}
