package dev.ktm.proof;

import dev.ktm.proof.Attempt.ByOperator;
import dev.ktm.proof.Attempt.Knew;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Compares what is there with what was attempted and what the clients know:
 *
 * <ul>
 *   <li>a transaction is with all of its participants, once, or with none;
 *   <li>one that its client or an operator was told to be committed is there, one that was told to be rolled back is not;
 *   <li>the file and the value of a thread are as its last transaction that is there has left them;
 *   <li>a message was taken by one transaction that is there, or waits, once;
 *   <li>nothing is put aside as somebody else's;
 *   <li>nothing is there that nobody has attempted, nothing is in doubt or left over, and what is others' is as it was.
 * </ul>
 *
 * It knows two excuses: of a participant that has lost what it had promised to keep, as a witness shows that has nothing to do with the
 * coordinator; and of a last resource in whose place an operator has decided. Pure.
 */
final class Checker {

    private final Collection<Attempt> attempts;
    private final Evidence evidence;
    private final List<String> violations = new ArrayList<>();
    private final Set<String> committed = new HashSet<>();
    private final Set<String> excused = new HashSet<>();

    private Checker(Collection<Attempt> attempts, Evidence evidence) {
        this.attempts = attempts;
        this.evidence = evidence;
    }

    /**
     * What came out.
     *
     * @param committed the keys of the transactions that are there
     * @param excused the keys of those that are there but for a participant that has lost them
     * @param violations in words; empty if all is well
     */
    record Verdict(Set<String> committed, Set<String> excused, List<String> violations) {}

    /**
     * Whether a damage is no more than what was promised: who is alone is committed without a vote, and if the answer is lost nobody can
     * find out what became of it. The client was told so, and it is kept until somebody has looked.
     *
     * @param damage how the coordinator tells it
     */
    static boolean isUnanswered(Attempt attempt, String damage) {
        return attempt.parts().size() == 1 && attempt.knew() == Knew.UNKNOWN && damage.contains("decision=HAZARD");
    }

    static Verdict check(Collection<Attempt> attempts, Evidence evidence) {
        var checker = new Checker(attempts, evidence);
        attempts.forEach(checker::checkWhole);
        checker.checkKnown();
        checker.checkSlots();
        checker.checkMessages();
        checker.checkPutAside();
        checker.checkRest();
        return new Verdict(checker.committed, checker.excused, checker.violations);
    }

    private void violated(String what) {
        violations.add(what);
    }

    /** All or nothing, and as its client knows. */
    private void checkWhole(Attempt attempt) {
        var present = EnumSet.noneOf(Part.class);
        var absent = EnumSet.noneOf(Part.class);
        boolean lost = false;
        for (var part : attempt.parts()) {
            int count = evidence.count(part, attempt.key());
            if (count > 1) {
                violated(attempt.key() + ": is " + count + " times with " + part);
            }
            if (!isExcused(attempt, part)) {
                (count > 0 ? present : absent).add(part);
            } else if (count > 0 && !isDecided(attempt, part)) {
                present.add(part);
            } else if (count == 0 && evidence.isLost(part, attempt)) {
                lost = true;
            }
        }
        if (!present.isEmpty() && !absent.isEmpty()) {
            violated(attempt.key() + ": is with " + present + " and not with " + absent);
        }
        if (isCommitted(attempt, present, absent)) {
            committed.add(attempt.key());
            if (lost) {
                excused.add(attempt.key());
            }
        }
        if (attempt.knew() == Knew.COMMITTED && !absent.isEmpty()) {
            violated(attempt.key() + ": its commit returned, and it is not with " + absent);
        }
        if (attempt.knew() == Knew.ROLLED_BACK && !present.isEmpty()) {
            violated(attempt.key() + ": was rolled back, and is with " + present);
        }
        checkOperator(attempt, present, absent);
    }

    /** As an operator was told, who is not told the opposite of what its client is. */
    private void checkOperator(Attempt attempt, Set<Part> present, Set<Part> absent) {
        switch (attempt.done()) {
            case NOT -> {}
            case COMMIT -> {
                if (attempt.knew() == Knew.ROLLED_BACK) {
                    violated(attempt.key() + ": was rolled back, and an operator was told that it is committed");
                }
                if (!absent.isEmpty()) {
                    violated(attempt.key() + ": was committed by an operator, and is not with " + absent);
                }
            }
            case ROLL_BACK -> {
                if (attempt.knew() == Knew.COMMITTED) {
                    violated(attempt.key() + ": its commit returned, and an operator was told that it is rolled back");
                }
                if (!present.isEmpty()) {
                    violated(attempt.key() + ": was rolled back by an operator, and is with " + present);
                }
            }
        }
    }

    private static boolean isCommitted(Attempt attempt, Set<Part> present, Set<Part> absent) {
        if (!present.isEmpty() || !absent.isEmpty()) {
            return !present.isEmpty();
        }
        return attempt.knew() == Knew.COMMITTED || attempt.done() == ByOperator.COMMIT;
    }

    private boolean isExcused(Attempt attempt, Part part) {
        return evidence.isLost(part, attempt) || isDecided(attempt, part);
    }

    /** Whether an operator may have decided in its place. */
    private static boolean isDecided(Attempt attempt, Part part) {
        return part == Part.LAST && attempt.mayBeDecided();
    }

    /** Nothing is there that nobody has attempted there. */
    private void checkKnown() {
        var known = new HashMap<String, Set<Part>>();
        attempts.forEach(attempt -> known.put(attempt.key(), attempt.parts()));
        evidence.rows.forEach((part, rows) -> rows.keySet().forEach(key -> {
            if (!known.getOrDefault(key, Set.of()).contains(part)) {
                violated(key + ": is with " + part + ", where nobody has attempted it");
            }
        }));
    }

    private void checkSlots() {
        var files = new TreeMap<Integer, String>();
        var values = new TreeMap<Integer, String>();
        for (var attempt : attempts) {
            if (committed.contains(attempt.key())) {
                apply(attempt, files, values);
            }
        }
        compare("file", files, evidence.files);
        compare("value", values, evidence.values);
    }

    private static void apply(Attempt attempt, Map<Integer, String> files, Map<Integer, String> values) {
        int thread = attempt.thread();
        var file = files.get(thread);
        switch (attempt.file()) {
            case NONE -> {}
            case REPLACE -> files.put(thread, (file == null ? 'a' : file.charAt(0)) + ":" + attempt.key());
            case MOVE -> {
                if (file != null) {
                    files.put(thread, (file.charAt(0) == 'a' ? 'b' : 'a') + file.substring(1));
                }
            }
            case DELETE -> files.remove(thread);
        }
        switch (attempt.value()) {
            case NONE -> {}
            case SET -> values.put(thread, attempt.key());
            case DELETE -> values.remove(thread);
        }
    }

    private void compare(String what, Map<Integer, String> expected, Map<Integer, String> found) {
        var threads = new HashSet<>(expected.keySet());
        threads.addAll(found.keySet());
        for (int thread : threads) {
            var one = expected.getOrDefault(thread, "nothing");
            var other = found.getOrDefault(thread, "nothing");
            if (!one.equals(other)) {
                violated(what + " of thread " + thread + ": expected " + one + ", found " + other);
            }
        }
    }

    private void checkMessages() {
        var takers = new HashMap<String, List<String>>();
        var receivers = new HashMap<String, List<String>>();
        for (var attempt : attempts) {
            var all = committed.contains(attempt.key()) ? takers : receivers;
            attempt.taken()
                    .forEach(message -> all.computeIfAbsent(message, same -> new ArrayList<>())
                            .add(attempt.key()));
        }
        for (var message : evidence.fed) {
            var by = takers.getOrDefault(message, List.of());
            int waiting = evidence.waiting.getOrDefault(message, 0);
            if (by.size() + waiting != 1) {
                violated("message " + message + ": waits " + waiting + " times, was taken by " + by
                        + ", and received in vain by " + receivers.getOrDefault(message, List.of()));
            }
        }
        var strange = new HashSet<>(evidence.waiting.keySet());
        strange.removeAll(evidence.fed);
        strange.forEach(message -> violated("message " + message + ": nobody has put it there"));
    }

    private void checkPutAside() {
        evidence.putAside.forEach(
                (file, key) -> violated("put aside, and nobody has changed it: " + file + ", with " + key));
    }

    private void checkRest() {
        evidence.inDoubt.forEach(branch -> violated("in doubt: " + branch));
        evidence.foreignGone.forEach(branch -> violated("somebody else's branch is gone: " + branch));
        evidence.leftovers.forEach(each -> violated("left over: " + each));
    }
}
