package dev.ktm.benchmark;

/**
 * What another log does, open all the time beside the one that is measured.
 *
 * @param log the other one
 * @param callers how many use it; zero for as many as use the one that is measured
 */
record OtherLog(DurableLog log, int callers) implements Reference, AutoCloseable {

    /** A log that the same callers use in the same way. */
    static OtherLog withSameCallers(DurableLog log) {
        return new OtherLog(log, 0);
    }

    /** A log that a single caller uses. */
    static OtherLog withOneCaller(DurableLog log) {
        return new OtherLog(log, 1);
    }

    @Override
    public Rate measure(Scenario beside, long nanos) throws InterruptedException {
        var same = new Scenario(
                "the other log",
                beside.opener(),
                callers == 0 ? beside.callers() : callers,
                beside.threads(),
                beside.thinkMicros());
        return Rate.of(Work.here(log, same, nanos));
    }

    @Override
    public void close() throws Exception {
        log.close();
    }
}
