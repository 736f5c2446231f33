package dev.ktm.tomee;

import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.InvalidPropertyException;
import jakarta.resource.spi.ResourceAdapter;
import org.jspecify.annotations.Nullable;

/** Which mail is wanted: all. */
public class MailSpec implements ActivationSpec {

    private @Nullable ResourceAdapter adapter;

    @Override
    public void validate() throws InvalidPropertyException {}

    @Override
    public @Nullable ResourceAdapter getResourceAdapter() {
        return adapter;
    }

    @Override
    public void setResourceAdapter(@Nullable ResourceAdapter value) {
        adapter = value;
    }
}
