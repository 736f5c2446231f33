package dev.ktm.comparison.fault;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/** Puts what was seen into sentences, and says of each whether it is as expected. */
public final class Judge {

    /** A fact: not all runs were alike. */
    private static final String DIFFERED = "runs.differed";

    private final Observation seen;
    private final List<Sentence> sentences = new ArrayList<>();

    private Judge(Observation seen) {
        this.seen = seen;
    }

    /**
     * Something that was seen.
     *
     * @param text without a full stop
     * @param expected whether it may be so
     */
    public record Sentence(String text, boolean expected) {}

    /** All sentences about an observation; none if it could not be made. */
    public static List<Sentence> of(Observation seen) {
        var judge = new Judge(seen);
        if (seen.notRun().isEmpty()) {
            judge.judge();
        }
        return List.copyOf(judge.sentences);
    }

    /** Of several runs of the same, the one with the most that is not as expected; it says if others were otherwise. */
    public static Observation worst(List<Observation> runs) {
        var worst = runs.stream()
                .max(Comparator.comparingLong(each -> of(each).stream()
                        .filter(sentence -> !sentence.expected())
                        .count()))
                .orElseThrow();
        if (runs.stream().map(Judge::of).distinct().count() == 1) {
            return worst;
        }
        var facts = new TreeMap<>(worst.facts());
        facts.put(DIFFERED, "yes");
        return new Observation(worst.fault(), worst.product(), facts);
    }

    private void say(boolean expected, String text) {
        sentences.add(new Sentence(text, expected));
    }

    private void judge() {
        processes();
        switch (seen.fault()) {
            case INTERRUPT -> interrupt();
            case LOG_FULL, LOG_GONE -> log();
            case UNDECIDED -> undecided();
            case RESOURCE_DOWN -> resourceDown();
            case SAME_NAME_ALIVE -> {
                otherProcess();
                answers("work", "the first process goes on: ", false);
                afterRestart();
            }
            case SAME_NAME_KILLED -> {
                otherProcess();
                allCommitted("decided");
            }
            case TIMEOUT -> timeout();
            case COMMIT_UNANSWERED -> {
                answers("work", "", true);
                if (seen.number("work.rolledBack") > 0) {
                    say(false, "it says that the transaction is rolled back");
                }
                allCommitted("work");
            }
        }
        if (seen.text(DIFFERED).equals("yes")) {
            say(true, "other runs were otherwise");
        }
    }

    /** Whether they start and end. */
    private void processes() {
        for (var step : FaultLife.Step.values()) {
            var opened = seen.text("opened." + step);
            // One that refuses to be the second of its name does well.
            if (!opened.isEmpty() && !opened.equals("yes")) {
                say(step == FaultLife.Step.OTHER, text(step) + " does not start: " + code(opened));
            }
            var end = seen.text("end." + step);
            if (!end.isEmpty()) {
                say(false, text(step) + " " + end);
            }
        }
    }

    private static String text(FaultLife.Step step) {
        return switch (step) {
            case WORK -> "the first process";
            case RECOVER, RESTART -> "the process after the restart";
            case OTHER -> "the second process";
        };
    }

    private void interrupt() {
        answers("set", "interrupt status set: ", false);
        answers("storm", "interrupted all the time: ", false);
        answers("quiet", "not interrupted any more: ", false);
        afterRestart();
    }

    private void log() {
        answers("before", "before: ", false);
        answers("trouble", "meanwhile: ", true);
        afterRestart();
        if (seen.text("opened.RECOVER").equals("yes")) {
            answers("again", "after the restart: ", false);
        }
    }

    private void undecided() {
        int asked = seen.number("undecided.asked");
        int nothing = seen.number("after.nothing");
        if (asked > 0 && nothing == asked) {
            say(true, "after the restart all are rolled back");
        } else if (afterRestart()) {
            say(false, "after the restart " + nothing + " of " + asked + " are rolled back");
        }
    }

    private void resourceDown() {
        int told = seen.number("told.meanwhile");
        int asked = seen.number("decided.asked");
        say(
                told == asked,
                told == asked
                        ? "the other resource manager is told while the first one is down"
                        : "the other resource manager is told of " + told + " of " + asked
                                + " decisions while the first one is down");
        allCommitted("decided");
    }

    private void otherProcess() {
        boolean harm = seen.number("other.rolledBack") > 0;
        say(
                !harm,
                harm
                        ? "the second process rolls back branches of the first one"
                        : "the second process leaves the branches of the first one alone");
    }

    /** What commit has answered; whether anything may come of it, or only that it is done. */
    private void answers(String phase, String when, boolean mayFail) {
        int asked = seen.number(phase + ".asked");
        int committed = seen.number(phase + ".committed");
        int rolledBack = seen.number(phase + ".rolledBack");
        int other = seen.number(phase + ".other");
        int silent = asked - committed - rolledBack - other;
        if (asked == 0) {
            say(false, when + "nothing was tried");
            return;
        }
        var parts = new ArrayList<String>();
        part(parts, committed, asked, "`commit` returns");
        part(parts, rolledBack, asked, "rolled back");
        part(parts, other, asked, code(seen.text(phase + ".kinds")));
        part(parts, silent, asked, "`commit` does not answer");
        say(silent == 0 && (mayFail || committed == asked), when + String.join("; ", parts));
    }

    private static void part(List<String> parts, int number, int asked, String text) {
        if (number > 0) {
            parts.add((number == asked ? "" : "some: ") + text);
        }
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    private void allCommitted(String phase) {
        int asked = seen.number(phase + ".asked");
        if (asked > 0 && seen.number("after.committed") == asked) {
            say(true, "after the restart all are committed everywhere");
            return;
        }
        if (!afterRestart()) {
            return;
        }
        say(false, "after the restart " + seen.number("after.committed") + " of " + asked + " are committed");
    }

    /** Returns whether nothing contradicts what was answered, and nothing is open. */
    private boolean afterRestart() {
        int before = sentences.size();
        if (seen.number("after.lost") > 0) {
            say(false, "a commit that had returned is lost, at least in part");
        }
        if (seen.number("after.undead") > 0) {
            say(false, "a commit that was answered with rollback has happened, at least in part");
        }
        if (seen.number("after.half") > 0) {
            say(false, "a transaction is committed in one resource manager and rolled back in the other");
        }
        if (seen.number("after.inDoubt") > 0) {
            say(false, "a branch is still in doubt at the end");
        }
        boolean nothing = sentences.size() == before;
        if (nothing) {
            say(true, "all is as answered after the restart");
        }
        return nothing;
    }

    private void timeout() {
        say(true, seen.text("noticed").equals("true") ? "ended when its time is over" : "still active after its time");
        work("same", "more work on the same connection ");
        work("new", "on a new connection ");
        var commit = seen.text("commit");
        boolean committed = commit.equals("committed");
        say(
                !committed && !commit.isEmpty(),
                switch (commit) {
                    case "committed" -> "`commit` returns";
                    case "rolled back" -> "`commit` says that it is rolled back";
                    case "" -> "`commit` does not answer";
                    default -> "`commit` ends in " + code(commit);
                });
        row("before", "before its time was over");
        row("same", "after that, through the same connection,");
        row("new", "after that, through a new connection,");
    }

    private void work(String name, String text) {
        var answer = seen.text(name);
        say(true, text + (answer.equals("done") ? "is accepted" : "is refused: " + code(answer)));
    }

    private void row(String name, String when) {
        if (seen.facts().containsKey("row." + name)) {
            say(false, "the row that was inserted " + when + " is there");
        }
    }
}
