package dev.ktm.benchmark;

/** A part of {@link JdbcBenchmark}. */
enum JdbcSection {
    /** A connection taken and given back outside transactions, beside HikariCP alone. */
    POOL,
    /** One database in a transaction, beside the same with resources that are enlisted by hand. */
    ENLISTMENT,
    /** Two databases in a transaction, beside the same XA calls made by hand, without a coordinator. */
    TWO_DATABASES
}
