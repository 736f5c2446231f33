package dev.ktm.model;

import java.util.List;

/**
 * How large the model is, and what is checked of it.
 *
 * @param resourceManagers their names, separated by commas
 * @param dead those of them that need never answer
 * @param faults how many crashes and failed forces there are
 * @param heuristics how many participants decide on their own
 * @param mutant the seeded bug, or {@link #NO_MUTANT}
 * @param invariants what holds in every state
 * @param properties what happens at last; none if resource managers are interchangeable
 */
record Instance(
        String resourceManagers,
        String dead,
        int faults,
        int heuristics,
        String mutant,
        List<String> invariants,
        List<String> properties) {

    static final String NO_MUTANT = "none";
    static final List<String> INVARIANTS = List.of("I1", "I2", "I2Damage", "I3", "I5");
    static final List<String> PROPERTIES = List.of("Finishes", "LogEnds");

    /** All invariants. */
    static Instance safe(String resourceManagers, int faults, int heuristics) {
        return new Instance(resourceManagers, "", faults, heuristics, NO_MUTANT, INVARIANTS, List.of());
    }

    /** Whatever must happen at last, beside the invariants. */
    static Instance live(String resourceManagers, int faults, int heuristics) {
        return new Instance(resourceManagers, "", faults, heuristics, NO_MUTANT, INVARIANTS, PROPERTIES);
    }

    /** The same with a seeded bug, and nothing checked but this. */
    Instance with(String bug, String checked) {
        boolean invariant = INVARIANTS.contains(checked);
        return new Instance(
                resourceManagers,
                dead,
                faults,
                heuristics,
                bug,
                invariant ? List.of(checked) : List.of(),
                invariant ? List.of() : List.of(checked));
    }

    /** The same with resource managers that need never answer. */
    Instance withDead(String names) {
        return new Instance(resourceManagers, names, faults, heuristics, mutant, invariants, properties);
    }

    /** As TLC reads it. */
    String configuration() {
        return String.join(
                System.lineSeparator(),
                "CONSTANTS",
                "    RM = {" + resourceManagers + "}",
                "    Dead = {" + dead + "}",
                "    MaxFaults = " + faults,
                "    MaxHeuristics = " + heuristics,
                "    Mutant = \"" + mutant + "\"",
                "SPECIFICATION Spec",
                // What happens at last cannot be told if resource managers are taken for one another.
                properties.isEmpty() ? "SYMMETRY Symmetry" : "PROPERTIES " + String.join(" ", properties),
                invariants.isEmpty() ? "" : "INVARIANTS " + String.join(" ", invariants),
                "");
    }
}
