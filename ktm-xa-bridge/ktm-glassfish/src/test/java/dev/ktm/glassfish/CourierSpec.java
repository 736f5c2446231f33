package dev.ktm.glassfish;

import jakarta.resource.spi.Activation;
import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.ResourceAdapter;
import org.jspecify.annotations.Nullable;

/** What is wanted: all. */
@Activation(messageListeners = Courier.class)
public class CourierSpec implements ActivationSpec {

    private @Nullable ResourceAdapter adapter;

    @Override
    public void validate() {}

    @Override
    public @Nullable ResourceAdapter getResourceAdapter() {
        return adapter;
    }

    @Override
    public void setResourceAdapter(@Nullable ResourceAdapter value) {
        adapter = value;
    }
}
