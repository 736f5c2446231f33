package dev.ktm.proof;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A transaction that was attempted, and what its client knows of it.
 *
 * @param key what it writes everywhere
 * @param life which process attempted it
 * @param lastLife the last process that found that it had not ended, or else that which attempted it
 * @param thread which of its threads: each has slots of its own, one file and one value of the registry
 * @param parts who takes part
 * @param file what it does to the file of its thread
 * @param value what it does to the value of its thread
 * @param knew what its client was told
 * @param taken the messages that it has received, as {@code artemis/feed-1}
 * @param asked what operators have asked for in place of its last resource, without those that certainly came to nothing
 * @param done what an operator was told that has become of it; {@code NOT} if none was
 */
record Attempt(
        String key,
        int life,
        int lastLife,
        int thread,
        Set<Part> parts,
        FileChange file,
        ValueChange value,
        Knew knew,
        List<String> taken,
        List<ByOperator> asked,
        ByOperator done) {

    /** What a client knows. */
    enum Knew {
        /** Its commit returned. */
        COMMITTED,
        /** Its commit said that it was rolled back, or it was never called. */
        ROLLED_BACK,
        /** Nothing: it was told nothing, or that nobody knows. */
        UNKNOWN
    }

    /** What becomes of the file of a thread, which is at one of two places or at none. */
    enum FileChange {
        NONE,
        /** Has the key as its content from now on; it is made if it is not there. */
        REPLACE,
        /** Goes to the other place. */
        MOVE,
        DELETE
    }

    /** What becomes of the value of a thread. */
    enum ValueChange {
        NONE,
        SET,
        DELETE
    }

    /** What an operator decides. */
    enum ByOperator {
        NOT,
        COMMIT,
        ROLL_BACK
    }

    Attempt {
        parts = parts.isEmpty() ? Set.of() : EnumSet.copyOf(parts);
        taken = List.copyOf(taken);
        asked = List.copyOf(asked);
    }

    /** It had not ended when this life began. */
    Attempt pendingIn(int later) {
        return new Attempt(key, life, later, thread, parts, file, value, knew, taken, asked, done);
    }

    /** Whether it may have been prepared or committed in the lives of this loss. */
    boolean isOf(Evidence.Loss loss) {
        return loss.first() <= lastLife && life <= loss.last();
    }

    Attempt told(Knew what) {
        return new Attempt(key, life, lastLife, thread, parts, file, value, what, taken, asked, done);
    }

    Attempt took(String message) {
        var more = new ArrayList<>(taken);
        more.add(message);
        return new Attempt(key, life, lastLife, thread, parts, file, value, knew, more, asked, done);
    }

    /** Whether an operator may have decided in place of its last resource. */
    boolean mayBeDecided() {
        return !asked.isEmpty();
    }

    Attempt askedFor(ByOperator what) {
        var more = new ArrayList<>(asked);
        more.add(what);
        return new Attempt(key, life, lastLife, thread, parts, file, value, knew, taken, more, done);
    }

    /** What was asked for last has come to nothing. */
    Attempt askedInVain() {
        var rest = asked.subList(0, asked.size() - 1);
        return new Attempt(key, life, lastLife, thread, parts, file, value, knew, taken, rest, done);
    }

    Attempt doneByOperator(ByOperator what) {
        return new Attempt(key, life, lastLife, thread, parts, file, value, knew, taken, asked, what);
    }
}
