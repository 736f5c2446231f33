package dev.ktm.simulation;

import dev.ktm.testing.SimulatedJournal;
import java.util.ArrayList;
import java.util.List;

/** Simulates all casts of a size. */
public final class Casts {

    /** What was simulated, and what was found to be wrong, the first few. */
    public record Found(long runs, long violations, List<String> first) {}

    private static final int SHOWN = 10;

    private Casts() {}

    private static List<Part> singles() {
        var all = new ArrayList<Part>();
        for (var kind : Kind.values()) {
            for (var behaviour : Behaviour.of(kind)) {
                all.add(new Part(kind, behaviour));
            }
        }
        return all;
    }

    /** Without a superior and with one; where one of the participants decides, nobody else does. */
    private static List<Boolean> superiors(List<Part> cast) {
        long last = cast.stream().filter(part -> part.kind == Kind.LAST).count();
        if (last > 1) {
            return List.of();
        }
        return last == 1 ? List.of(false) : List.of(false, true);
    }

    /** How many casts of so many participants there are. */
    static long count(int size) {
        long count = 1;
        for (int i = 0; i < size; i++) {
            count *= singles().size();
        }
        return count;
    }

    /** The cast of this number. */
    static List<Part> cast(int size, long number) {
        var singles = singles();
        var cast = new ArrayList<Part>();
        long rest = number;
        for (int i = 0; i < size; i++) {
            cast.add(singles.get((int) (rest % singles.size())));
            rest /= singles.size();
        }
        return cast;
    }

    /**
     * Simulates every so manieth cast.
     *
     * @param size how many participants
     * @param first the number of the first cast
     * @param stride from one to the next
     * @param troubles whether the log fails in every way, or not at all
     * @param secondCrash whether each recovery is crashed at each of its steps
     */
    public static Found simulate(int size, long first, long stride, boolean troubles, boolean secondCrash)
            throws Exception {
        long runs = 0;
        long violations = 0;
        var shown = new ArrayList<String>();
        var all = troubles ? List.of(SimulatedJournal.Trouble.values()) : List.of(SimulatedJournal.Trouble.NONE);
        for (long number = first; number < count(size); number += stride) {
            var cast = cast(size, number);
            for (boolean superior : superiors(cast)) {
                for (var scenario : Simulation.Scenario.of(cast, superior, all)) {
                    var result = Simulation.run(scenario, secondCrash);
                    runs += result.runs();
                    violations += result.violations().size();
                    for (var violation : result.violations()) {
                        if (shown.size() < SHOWN) {
                            shown.add("cast " + number + " of " + size + ": " + violation);
                        }
                    }
                }
            }
        }
        return new Found(runs, violations, shown);
    }

    /** Whether a rule is violated with any cast of this size, and any trouble with the log, after one crash. */
    public static boolean hasViolation(int size) throws Exception {
        for (long number = 0; number < count(size); number++) {
            var cast = cast(size, number);
            for (boolean superior : superiors(cast)) {
                for (var scenario :
                        Simulation.Scenario.of(cast, superior, List.of(SimulatedJournal.Trouble.values()))) {
                    if (!Simulation.run(scenario, false).violations().isEmpty()) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
