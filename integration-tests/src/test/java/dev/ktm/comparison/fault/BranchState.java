package dev.ktm.comparison.fault;

/** Where a branch stands in its resource manager. */
enum BranchState {
    /** It has voted to commit. */
    PREPARED,
    COMMITTED,
    ROLLED_BACK
}
