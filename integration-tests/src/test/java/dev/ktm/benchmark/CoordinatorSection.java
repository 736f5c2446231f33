package dev.ktm.benchmark;

/** A part of {@link CoordinatorBenchmark}. */
enum CoordinatorSection {
    /** Durable commits of two resources, beside bare durable appends. */
    COMMIT,
    /** How often the disk is waited for. */
    FORCES,
    /** What a transaction costs without a disk. */
    SOFTWARE,
    /** How soon the first transaction is committed. */
    START,
    /** What transactions that live at the same time occupy. */
    MEMORY,
    /** How fast unfinished transactions are finished after a restart. */
    RESTART,
    /** Other products as they come. */
    PEERS,
    /** Other products at their fastest durable setting. */
    TUNED
}
