package dev.ktm.comparison;

import java.util.Locale;

/** A part of the page that is measured on its own. */
enum Section {
    /** Throughput, latency, processor time and allocation of commits, resources that take no time. */
    COMMIT,
    /** Forced writes, counted in system calls. */
    FORCES,
    /** A row in each of two databases. */
    TWO_DATABASES,
    /** A row in a database, and a message. */
    DATABASE_AND_QUEUE,
    /** Decided transactions that a restart has to finish. */
    RESTART,
    /** Things that go wrong. */
    FAULTS;

    /** The name of its file of results. */
    String file() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-') + ".json";
    }
}
