package dev.ktm.glassfish;

import jakarta.resource.ResourceException;
import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.BootstrapContext;
import jakarta.resource.spi.Connector;
import jakarta.resource.spi.ResourceAdapter;
import jakarta.resource.spi.TransactionSupport.TransactionSupportLevel;
import jakarta.resource.spi.XATerminator;
import jakarta.resource.spi.endpoint.MessageEndpoint;
import jakarta.resource.spi.endpoint.MessageEndpointFactory;
import jakarta.resource.spi.work.ExecutionContext;
import jakarta.resource.spi.work.Work;
import jakarta.resource.spi.work.WorkException;
import jakarta.resource.spi.work.WorkManager;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/** A resource adapter that brings what a test has it bring. Its class is the test's, so the two meet here. */
@Connector(transactionSupport = TransactionSupportLevel.XATransaction)
public class CourierAdapter implements ResourceAdapter {

    private static volatile @Nullable CourierAdapter started;

    /** What its own resource was told. */
    private final List<String> told = new CopyOnWriteArrayList<>();

    private volatile @Nullable BootstrapContext context;
    private volatile @Nullable MessageEndpointFactory endpoints;

    /** The one that the server has started. */
    static CourierAdapter started() {
        return Objects.requireNonNull(started);
    }

    List<String> told() {
        return told;
    }

    /** What it ends transactions of others with. */
    XATerminator terminator() {
        return context().getXATerminator();
    }

    private BootstrapContext context() {
        return Objects.requireNonNull(context);
    }

    /** Brings an item in a transaction that somebody else has begun, on a thread of the server. */
    void bringWithin(Xid xid, String item) throws WorkException {
        var transaction = new ExecutionContext();
        transaction.setXid(xid);
        context().getWorkManager().doWork(delivery(null, item), WorkManager.INDEFINITE, transaction, null);
    }

    /** Brings an item in a transaction of the server, in which a resource of the adapter takes part. */
    void bring(String item) throws WorkException {
        context().getWorkManager().doWork(delivery(new WitnessResource(told), item));
    }

    private Work delivery(@Nullable XAResource resource, String item) {
        return new Work() {
            @Override
            public void run() {
                try {
                    deliver(resource, item);
                } catch (ResourceException | NoSuchMethodException e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public void release() {}
        };
    }

    private void deliver(@Nullable XAResource resource, String item) throws ResourceException, NoSuchMethodException {
        MessageEndpoint endpoint = Objects.requireNonNull(endpoints).createEndpoint(resource);
        try {
            endpoint.beforeDelivery(Courier.class.getMethod("arrived", String.class));
            try {
                ((Courier) endpoint).arrived(item);
            } finally {
                endpoint.afterDelivery();
            }
        } finally {
            endpoint.release();
        }
    }

    @Override
    public void start(BootstrapContext value) {
        context = value;
        started = this;
    }

    @Override
    public void stop() {
        started = null;
    }

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
        return new XAResource[] {new WitnessResource(told)};
    }
}
