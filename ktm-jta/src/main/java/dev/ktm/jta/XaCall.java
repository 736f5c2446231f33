package dev.ktm.jta;

/** What a resource can be asked to do with a branch. */
enum XaCall {
    /** Begin to work for it. */
    START,
    /** Stop to work for it. */
    END,
    /** Vote. */
    PREPARE,
    /** Commit what is prepared. */
    COMMIT,
    /** Commit without a vote. */
    COMMIT_ONE_PHASE,
    /** Roll back. */
    ROLLBACK,
    /** Forget that it acted on its own. */
    FORGET,
    /** List what is prepared. */
    RECOVER
}
