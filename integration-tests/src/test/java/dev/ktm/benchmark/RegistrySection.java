package dev.ktm.benchmark;

/** What the benchmark of the registry measures. */
enum RegistrySection {
    /** Values that one caller reads. */
    READS,
    /** Small transactions beside durable appends. */
    UPDATES,
    /** Opening a large hive, and what it occupies. */
    LOAD
}
