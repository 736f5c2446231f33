package dev.ktm.servers;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

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

    /** Whether it answers, and yet does not work until it is started once more. */
    default boolean isBroken(int port) throws SQLException {
        return false;
    }

    /** Where a database's driver finds it, with user and password. */
    default String url(int port) {
        throw new UnsupportedOperationException("expected a database that is reached by its URL, found " + this);
    }

    /** A database's data source without XA and without a pool. */
    default DataSource plain(int port) throws SQLException {
        throw new UnsupportedOperationException("expected a database, found " + this);
    }

    /** Somebody who uses it, with a table or queue of this name. */
    Client client(int port, String place);
}
