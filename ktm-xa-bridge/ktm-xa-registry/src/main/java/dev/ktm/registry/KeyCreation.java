package dev.ktm.registry;

/**
 * What a new key is to be.
 *
 * @param isVolatile whether it is in memory only, and gone after a restart; so are those that are made with it
 * @param className a text that goes with it; empty for none
 */
public record KeyCreation(boolean isVolatile, String className) {

    /** A durable key without a class. */
    public static final KeyCreation DEFAULT = new KeyCreation(false, "");

    /** A volatile key without a class. */
    public static final KeyCreation VOLATILE = new KeyCreation(true, "");
}
