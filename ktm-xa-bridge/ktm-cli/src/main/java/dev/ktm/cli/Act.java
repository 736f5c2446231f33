package dev.ktm.cli;

import java.util.List;

/** What an operator can have done with a whole transaction. */
enum Act {
    RESOLVE_COMMIT(
            "commit",
            "resolve-commit",
            "commit it, as if its superior had said so",
            "Commit a transaction in doubt: its superior has decided to commit, and cannot say so.\n\n"
                    + "Do this only if you have seen that decision: in the superior's own log or tool. If you do not know it,"
                    + " wait, or decide with 'ktm force'."),
    RESOLVE_ROLLBACK(
            "rollback",
            "resolve-rollback",
            "roll it back, as if its superior had said so",
            "Roll back a transaction in doubt: its superior has decided to roll back, or has forgotten it.\n\n"
                    + "Do this only if you have seen that: in the superior's own log or tool. If you do not know it, wait, or"
                    + " decide with 'ktm force'."),
    FORCE_COMMIT(
            "commit",
            "force-commit",
            "commit it without knowing what its superior has decided",
            "Commit a transaction in doubt, whatever its superior decides.\n\n"
                    + "It is recorded as a heuristic decision. If the superior says otherwise later, that is reported as damage:"
                    + " then some have committed and others rolled back."),
    FORCE_ROLLBACK(
            "rollback",
            "force-rollback",
            "roll it back without knowing what its superior has decided",
            "Roll back a transaction in doubt, whatever its superior decides.\n\n"
                    + "It is recorded as a heuristic decision. If the superior says otherwise later, that is reported as damage:"
                    + " then some have committed and others rolled back."),
    LAST_COMMIT(
            "commit",
            "commit-in-place-of-last",
            "commit it without knowing what its last resource has done",
            "Commit a transaction whose last resource cannot say what it has decided, and never will.\n\n"
                    + "All others wait, prepared. That the last resource may have done otherwise is recorded as damage."),
    LAST_ROLLBACK(
            "rollback",
            "rollback-in-place-of-last",
            "roll it back without knowing what its last resource has done",
            "Roll back a transaction whose last resource cannot say what it has decided, and never will.\n\n"
                    + "All others wait, prepared. That the last resource may have done otherwise is recorded as damage."),
    ROLLBACK(
            "rollback",
            "rollback",
            "roll it back; its client's next call fails",
            "Roll back a transaction that is still active. Its client's next call fails."),
    FORGET(
            "forget",
            "forget",
            "forget it, and that some of its participants did otherwise than was decided",
            "Forget a damaged transaction, whose damage you have mended.\n\n"
                    + "Until then its damage is kept, over restarts. 'ktm show' tells what it is; 'ktm list acts' keeps that"
                    + " you have forgotten it, and why.");

    private final String word;
    private final String verb;
    private final String effect;
    private final String description;

    Act(String word, String verb, String effect, String description) {
        this.word = word;
        this.verb = verb;
        this.effect = effect;
        this.description = description;
    }

    String word() {
        return word;
    }

    /** What a coordinator is asked for. */
    String verb() {
        return verb;
    }

    /** What will happen. */
    String effect() {
        return effect;
    }

    List<String> description() {
        return description.lines().toList();
    }
}
