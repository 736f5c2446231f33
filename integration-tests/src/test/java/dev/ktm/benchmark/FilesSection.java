package dev.ktm.benchmark;

/** What the benchmark of transactional files measures. */
enum FilesSection {
    /** One small file replaced in each transaction. */
    REPLACE,
    /** Forced writes of these, counted. */
    FORCES,
    /** Ten thousand small files made in one transaction. */
    MANY,
    /** A file of a gibibyte replaced. */
    LARGE,
    /** Reads of files that nobody has changed. */
    READS,
    /** Opening of files that nobody has changed. */
    OPENS
}
