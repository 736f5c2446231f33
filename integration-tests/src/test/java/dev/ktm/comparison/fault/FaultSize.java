package dev.ktm.comparison.fault;

/** How much is done. */
public enum FaultSize {
    /** To see that it works. */
    SHORT(5, 24, 1, 20),
    /** For results that count. */
    FULL(20, 200, 45, 90),
    /** For how long a restart takes: as many as there can be threads without ado. */
    RESTART(500, 0, 0, 120);

    private final int few;
    private final int many;
    private final int watchSeconds;
    private final int recoverySeconds;

    FaultSize(int few, int many, int watchSeconds, int recoverySeconds) {
        this.few = few;
        this.many = many;
        this.watchSeconds = watchSeconds;
        this.recoverySeconds = recoverySeconds;
    }

    /** Transactions where nothing goes wrong, or that are under way at the same time. */
    int few() {
        return few;
    }

    /** Transactions where something goes wrong. */
    int many() {
        return many;
    }

    /** How long a process is given to do harm. */
    public int watchSeconds() {
        return watchSeconds;
    }

    /** How long recovery may take. */
    public int recoverySeconds() {
        return recoverySeconds;
    }
}
