package dev.ktm.file;

/** What happens when the log is full and stays so, because of transactions whose outcome is not known. */
public enum WhenLogIsFull {
    /** New transactions are refused until there is room; what is in doubt is kept. */
    PREFER_CONSISTENCY,
    /**
     * The oldest transaction that is in doubt is rolled back, and work goes on. Its superior may have decided otherwise: a report of
     * the kind {@link dev.ktm.rm.OutcomeReport.Kind#HEURISTIC} says so.
     */
    PREFER_AVAILABILITY
}
