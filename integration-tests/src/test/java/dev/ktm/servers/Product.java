package dev.ktm.servers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** How one product is made to run, and how it is reached. */
interface Product {

    /** Why it cannot run on this machine; empty if it can. */
    default Optional<String> missing() {
        return Optional.empty();
    }

    /** Makes what has to be there before the first start. */
    default void install(Path directory) throws IOException, InterruptedException {}

    /** What starts it, with its data in this directory, on this port of the loopback address. */
    List<String> command(Path directory, int port) throws IOException;

    /** The signal for an orderly stop that does not wait for clients. */
    default String stopSignal() {
        return "TERM";
    }

    /** Somebody who uses it, with a table or queue of this name. */
    Client client(int port, String place);
}
