package dev.ktm.rm;

/** What the coordinator tells a resource manager about one of its enlistments. The bits are those of KTM's masks. */
public enum Notification {
    /** Flush every cache: work may still be added, also by others, but from the answer on it is written through. */
    PREPREPARE(0x1),
    /** Make durable what is needed to commit and to roll back, then vote. */
    PREPARE(0x2),
    /** The outcome is commit: it is durable, and may be told more than once. */
    COMMIT(0x4),
    /** The outcome is rollback. */
    ROLLBACK(0x8),
    /** To the superior: all others have pre-prepared. */
    PREPREPARE_COMPLETE(0x10),
    /** To the superior: all others have prepared, and that is durable. */
    PREPARE_COMPLETE(0x20),
    /** To the superior: all others have committed. */
    COMMIT_COMPLETE(0x40),
    /** To the superior: all others have rolled back. */
    ROLLBACK_COMPLETE(0x80),
    /** An enlistment from before a restart waits to be recovered. */
    RECOVER(0x100),
    /** Decide, and make it durable: nobody else takes part. */
    SINGLE_PHASE_COMMIT(0x200),
    /** To the superior: a transaction from before a restart waits for its outcome. */
    RECOVER_QUERY(0x800),
    /** No further {@link #RECOVER} follows: what was not mentioned rolls back. */
    LAST_RECOVER(0x2000),
    /** The outcome is not known yet: keep the locks and wait. */
    INDOUBT(0x4000),
    /** The resource manager that had to decide has gone without an answer. */
    RM_DISCONNECTED(0x100_0000),
    /** The transaction manager takes requests. */
    TM_ONLINE(0x200_0000),
    /** To the superior: a client wants to commit. */
    COMMIT_REQUEST(0x400_0000),
    /** To the superior: somebody who is prepared asks for the outcome. */
    REQUEST_OUTCOME(0x2000_0000);

    private final int bit;

    Notification(int bit) {
        this.bit = bit;
    }

    /** Its bit in a mask. */
    public int bit() {
        return bit;
    }
}
