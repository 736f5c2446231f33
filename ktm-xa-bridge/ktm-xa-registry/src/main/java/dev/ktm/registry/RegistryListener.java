package dev.ktm.registry;

import java.util.List;

/** Is told what has changed, on a thread of the registry, one batch after the other. */
@FunctionalInterface
public interface RegistryListener {

    /** All that one commit, or one plain write, has changed within what is watched, in the order in which it was done. */
    void changed(List<RegistryChange> batch);
}
