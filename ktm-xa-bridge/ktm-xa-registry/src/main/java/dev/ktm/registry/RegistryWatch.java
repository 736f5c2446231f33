package dev.ktm.registry;

/** Somebody who is told what changes in a key, until this is closed. */
@FunctionalInterface
public interface RegistryWatch extends AutoCloseable {

    @Override
    void close();
}
