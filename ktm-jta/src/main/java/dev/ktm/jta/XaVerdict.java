package dev.ktm.jta;

/** What an answer of a resource means for the transaction. */
enum XaVerdict {
    /** It has done what it was asked to do; as a vote: yes. */
    DONE,
    /** It has nothing to commit, and has forgotten the branch. */
    READ_ONLY,
    /** It has rolled the branch back, and has forgotten it. */
    ROLLED_BACK,
    /** It refuses; the branch has to be rolled back. */
    REFUSED,
    /** It says that it has rolled back what it had promised to commit: look whether that is so. */
    CONTRADICTS,
    /** It has not done it yet: ask again. */
    AGAIN,
    /** Whether it has done it is not known: look whether it still lists the branch. */
    LOOK,
    /** Whether it has committed is not known, and cannot be found out. */
    HAZARD,
    /** It had committed on its own. */
    HEURISTIC_COMMIT,
    /** It had rolled back on its own. */
    HEURISTIC_ROLLBACK,
    /** It had committed a part on its own. */
    HEURISTIC_MIXED,
    /** It has done something on its own, and does not know what. */
    HEURISTIC_HAZARD
}
