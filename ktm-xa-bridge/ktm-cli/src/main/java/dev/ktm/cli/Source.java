package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** Something that answers for one coordinator. */
interface Source {

    /** The coordinator's identity. */
    String identity();

    /** Whether it can act; otherwise there is only its log. */
    boolean isRunning();

    /**
     * Asks.
     *
     * @param verb one of the channel's
     * @param values what the verb needs
     * @return the result
     * @throws ToolException with the coordinator's error, or because it cannot be reached
     */
    JsonNode ask(String verb, Map<String, String> values);

    /** Asks what needs nothing. */
    default JsonNode ask(String verb) {
        return ask(verb, Map.of());
    }
}
