package dev.ktm.log.testing;

import java.io.IOException;

/**
 * Runs around every operation of a {@link SimulatedDevice}, on the thread that calls it and without its lock: it may
 * block to keep the operation in flight, interrupt, look at the device, or throw.
 */
public interface OperationHook {

    /** A hook that does nothing. */
    OperationHook NONE = new OperationHook() {};

    /**
     * Before the operation has any effect. A write-through is two operations; between them the written data is at
     * risk.
     *
     * @param name the file, or the empty string where the operation has none
     * @throws IOException to make the operation fail without effect
     */
    default void before(OperationKind kind, String name) throws IOException {}

    /**
     * After the operation took effect.
     *
     * @throws IOException to make it fail nevertheless
     */
    default void after(OperationKind kind, String name) throws IOException {}
}
