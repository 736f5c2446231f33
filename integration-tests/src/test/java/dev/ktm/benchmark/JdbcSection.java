package dev.ktm.benchmark;

/** A part of {@link JdbcBenchmark}. */
enum JdbcSection {
    /** A connection taken and given back outside transactions, beside HikariCP alone. */
    POOL,
    /** One database in a transaction, beside the same with resources that are enlisted by hand. */
    ENLISTMENT,
    /** Two databases in a transaction, beside the same XA calls made by hand, without a coordinator. */
    TWO_DATABASES,
    /** How often the coordinator's log waits for the disk. */
    FORCES,
    /** Two databases, beside calls by hand: this and other products, each with its own pools. */
    PEERS,
    /** The same with databases that write later. */
    PEERS_DELAYED,
    /** A database and a broker, beside calls by hand: this and other products. */
    PEERS_BROKER
}
