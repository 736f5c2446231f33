package dev.ktm.comparison.fault;

/** Something that goes wrong. */
public enum Fault {
    INTERRUPT(
            "Threads are interrupted while they commit",
            "Transactions over two resource managers are committed by threads whose interrupt status is set when they call"
                    + " `commit`, then by threads that another one interrupts all the time, then by threads that nobody interrupts."
                    + " Then the process dies.",
            "Every commit ends as if nobody had interrupted, and so do later ones."),
    LOG_FULL(
            "The file system of the log is full",
            "The log is on an ext4 file system of its own. After some commits another program fills it; more transactions are"
                    + " committed, and the process dies in the commit of the last one, between the two resource managers. Then there"
                    + " is room again, and a new process is started.",
            "Whatever `commit` has answered is so after the restart, nothing is done by half, and the new process works."),
    LOG_GONE(
            "The disk of the log fails",
            "As before, but from a certain moment on every access to the file system of the log ends in EIO (the shutdown call of"
                    + " ext4). For the new process it is mounted again.",
            "Whatever `commit` has answered is so after the restart, nothing is done by half, and the new process works."),
    UNDECIDED(
            "A process dies before its transactions are decided",
            "The process dies when transactions over two resource managers are prepared in both, and before anybody has decided."
                    + " The next one recovers.",
            "All are rolled back in both resource managers."),
    RESOURCE_DOWN(
            "A resource manager is down when recovery starts",
            "The process dies when transactions over two resource managers are decided and none of them has been told. The"
                    + " first resource manager is down when the next process starts, and comes back later.",
            "The other one is told at once, and the first one when it is back."),
    SAME_NAME_ALIVE(
            "Two processes with the same name share a resource manager",
            "Products other than KTM ask for unique names; here nobody has heeded that. A transaction of one process is prepared and waits for a vote. The other process, of the same name and with a"
                    + " log of its own, recovers meanwhile. Then the first one goes on.",
            "The second process does not touch the branches of the first one, or refuses to start."),
    SAME_NAME_KILLED(
            "A process with the same name recovers before the one that was killed",
            "Here as well nobody has heeded that names are to be unique. A process dies when its transactions are decided and the first of two resource managers has committed. Another"
                    + " process, of the same name and with a log of its own, recovers; then the first one is started again.",
            "All are committed in both resource managers."),
    TIMEOUT(
            "A transaction times out while its client goes on working",
            "A client inserts a row, lets the timeout of one second pass, inserts another row through the same connection, a third"
                    + " one through a new connection, and commits. The data source is the product's own, or the one that goes with it.",
            "The client is told, and no row is there afterwards: nothing commits by itself."),
    COMMIT_UNANSWERED(
            "A resource manager fails in its commit",
            "The second of two resource managers answers `commit` with XAER_RMFAIL and is down from then on. The process dies"
                    + " after its `commit` has answered. The next one finds both up again.",
            "`commit` does not say that the transaction is rolled back, and both are committed after the restart.");

    private final String title;
    private final String course;
    private final String expectation;

    Fault(String title, String course, String expectation) {
        this.title = title;
        this.course = course;
        this.expectation = expectation;
    }

    /** In a few words. */
    public String title() {
        return title;
    }

    /** What is done, step by step. */
    public String course() {
        return course;
    }

    /** What a product should do. */
    public String expectation() {
        return expectation;
    }
}
