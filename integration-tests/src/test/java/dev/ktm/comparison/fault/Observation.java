package dev.ktm.comparison.fault;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What was seen when something went wrong in a product.
 *
 * @param fault what went wrong
 * @param product in which one
 * @param facts by their names
 */
public record Observation(Fault fault, FaultProduct product, Map<String, String> facts) {

    /** Keeps the facts in the order of their names. */
    public Observation {
        facts = Collections.unmodifiableMap(new TreeMap<>(facts));
    }

    /** Why it could not be made; empty if it was. */
    public Optional<String> notRun() {
        return Optional.ofNullable(facts.get(FaultRun.NOT_RUN));
    }

    /** A fact that is a number; zero if nobody has seen it. */
    int number(String name) {
        return Integer.parseInt(facts.getOrDefault(name, "0"));
    }

    /** Any other fact; empty if nobody has seen it. */
    String text(String name) {
        return facts.getOrDefault(name, "");
    }
}
