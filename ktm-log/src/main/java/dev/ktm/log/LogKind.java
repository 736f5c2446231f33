package dev.ktm.log;

/** Whether a log carries one stream or many. Chosen when the log is created, for ever. */
public enum LogKind {
    /** Exactly one stream, which is the log: its end can be cut and it can be archived. */
    DEDICATED(512 * 1024),
    /** Many named streams in the same containers, made durable by the same writes. */
    MULTIPLEXED(1024 * 1024);

    private final int containerUnitBytes;

    LogKind(int containerUnitBytes) {
        this.containerUnitBytes = containerUnitBytes;
    }

    /** Container sizes are multiples of this, in bytes. */
    public int containerUnitBytes() {
        return containerUnitBytes;
    }
}
