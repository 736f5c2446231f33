package dev.ktm.benchmark;

/** A part of {@link LogBenchmark}. */
enum LogSection {
    /** KTM with platform and virtual threads. */
    KTM,
    /** KTM beside a plain flusher, with callers that think. */
    THINK,
    /** Other products as they come. */
    PEERS,
    /** Other products at their fastest. */
    TUNED,
    /** KTM without a disk. */
    MEMORY,
    /** KTM on a disk that takes a millisecond. */
    SLOW,
    /** How fast a log is read when it is opened. */
    RECOVERY,
    /** How soon a log can be used. */
    START
}
