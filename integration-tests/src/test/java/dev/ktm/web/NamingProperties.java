package dev.ktm.web;

import java.util.HashMap;
import java.util.Map;
import javax.naming.Context;
import org.jspecify.annotations.Nullable;

/** Who gives names in this process: each container wants it to be itself. */
final class NamingProperties {

    private final Map<String, @Nullable String> kept = new HashMap<>();

    NamingProperties() {
        for (var name : new String[] {Context.INITIAL_CONTEXT_FACTORY, Context.URL_PKG_PREFIXES}) {
            kept.put(name, System.getProperty(name));
        }
    }

    void clear() {
        kept.keySet().forEach(System::clearProperty);
    }

    void restore() {
        kept.forEach((name, value) -> {
            if (value == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, value);
            }
        });
    }
}
