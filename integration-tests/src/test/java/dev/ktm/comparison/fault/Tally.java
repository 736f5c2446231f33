package dev.ktm.comparison.fault;

import dev.ktm.comparison.fault.Answers.Answer;
import dev.ktm.comparison.fault.Answers.Outcome;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Compares what was answered with what resource managers have in the end, and counts. */
final class Tally {

    private Tally() {}

    /** Facts of each phase ({@code phase.…}), and of all together ({@code after.…}). */
    static Map<String, String> of(List<Answer> answers, List<Map<String, BranchState>> resourceManagers) {
        var facts = new TreeMap<String, String>();
        var phases = new TreeSet<String>();
        answers.forEach(answer -> phases.add(answer.phase()));
        for (var phase : phases) {
            var some = answers.stream()
                    .filter(answer -> answer.phase().equals(phase))
                    .toList();
            facts.put(phase + ".asked", String.valueOf(some.size()));
            facts.put(phase + ".committed", count(some, Outcome.COMMITTED));
            facts.put(phase + ".rolledBack", count(some, Outcome.ROLLED_BACK));
            facts.put(phase + ".other", count(some, Outcome.OTHER));
            var kinds = new TreeSet<String>();
            some.forEach(answer -> kinds.add(answer.kind()));
            kinds.remove("");
            facts.put(phase + ".kinds", String.join(", ", kinds));
        }
        int committed = 0;
        int nothing = 0;
        int half = 0;
        int inDoubt = 0;
        int lost = 0;
        int undead = 0;
        for (var answer : answers) {
            int done = in(resourceManagers, answer.key(), BranchState.COMMITTED);
            int waiting = in(resourceManagers, answer.key(), BranchState.PREPARED);
            boolean everywhere = done == resourceManagers.size();
            if (everywhere) {
                committed++;
            } else if (waiting > 0) {
                inDoubt++;
            } else if (done > 0) {
                half++;
            } else {
                nothing++;
            }
            if (answer.is(Outcome.COMMITTED) && !everywhere) {
                lost++;
            }
            if (answer.is(Outcome.ROLLED_BACK) && done > 0) {
                undead++;
            }
        }
        facts.put("after.committed", String.valueOf(committed));
        facts.put("after.nothing", String.valueOf(nothing));
        facts.put("after.half", String.valueOf(half));
        facts.put("after.inDoubt", String.valueOf(inDoubt));
        facts.put("after.lost", String.valueOf(lost));
        facts.put("after.undead", String.valueOf(undead));
        return facts;
    }

    private static String count(List<Answer> answers, Outcome outcome) {
        return String.valueOf(
                answers.stream().filter(answer -> answer.is(outcome)).count());
    }

    private static int in(List<Map<String, BranchState>> resourceManagers, String key, BranchState state) {
        return (int)
                resourceManagers.stream().filter(each -> each.get(key) == state).count();
    }
}
