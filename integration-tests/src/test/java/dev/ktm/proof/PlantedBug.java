package dev.ktm.proof;

/** What a worker does wrong, so that it can be seen whether that is found. */
enum PlantedBug {
    NONE,
    /** A database commits what it was told to roll back. */
    COMMITS_INSTEAD_OF_ROLLBACK,
    /** The client is told that it is committed before commit is called. */
    ACKNOWLEDGES_BEFORE_COMMIT,
    /** What the log writes after a while is not written. */
    LOSES_THE_LOG,
    /** Every message is sent twice. */
    SENDS_TWICE,
    /** A row is written outside of the transaction. */
    WRITES_OUTSIDE,
    /** Whatever is prepared is rolled back at the start, whoever has prepared it. */
    TOUCHES_FOREIGN,
    /** A file of the work area is left behind. */
    LEAVES_A_FILE,
    /** The coordinator is told that a branch has committed that has not. */
    FORGETS_A_COMMIT,
    /** An operator is told that what he rolls back is rolled back, and it goes on. */
    IGNORES_THE_OPERATOR
}
