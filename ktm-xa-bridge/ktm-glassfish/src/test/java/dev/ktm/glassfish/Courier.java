package dev.ktm.glassfish;

/** Who is told of what arrives. */
public interface Courier {

    /** Told of one thing. */
    void arrived(String item);
}
