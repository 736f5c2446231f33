package dev.ktm.deployment;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What every resource holds of a run. A process that has them open tells them line by line, for its parent to compare.
 *
 * @param rows of each resource, by release
 * @param binaries which binary each component has
 * @param current which one the registry names
 */
record Holdings(Map<String, Map<Integer, String>> rows, Map<String, String> binaries, Map<String, String> current) {

    private static final String RESOURCE = "resource";
    private static final String ROW = "row";
    private static final String BINARY = "binary";
    private static final String CURRENT = "current";
    private static final int MOST_WORDS = 4;

    static Holdings none() {
        return new Holdings(new LinkedHashMap<>(), new TreeMap<>(), new TreeMap<>());
    }

    /** Reads them, when nobody changes them; the queue's broker has to be there. */
    static Holdings of(Database inventory, Database audit, Queue queue, Installed.Found installed, String run)
            throws Exception {
        var all = none();
        all.rows.put("inventory", inventory.read(run));
        all.rows.put("audit", audit.read(run));
        all.rows.put("queue", queue.read(run));
        all.rows.put("files", installed.files());
        all.rows.put("registry", installed.registry());
        all.binaries.putAll(installed.binaries());
        all.current.putAll(installed.current());
        return all;
    }

    /** In lines that {@link #hear} understands. */
    void tell(Consumer<String> lines) {
        rows.forEach((resource, held) -> {
            lines.accept(RESOURCE + " " + resource);
            held.forEach((number, text) -> lines.accept(String.join(" ", ROW, resource, number.toString(), text)));
        });
        binaries.forEach((component, binary) -> lines.accept(String.join(" ", BINARY, component, binary)));
        current.forEach((component, binary) -> lines.accept(String.join(" ", CURRENT, component, binary)));
    }

    /** Adds what a line tells; returns whether it tells of any of this. */
    boolean hear(String line) {
        var words = List.of(line.split(" ", MOST_WORDS));
        if (words.get(0).equals(RESOURCE)) {
            rows.put(words.get(1), new TreeMap<>());
        } else if (words.get(0).equals(ROW)) {
            rows.computeIfAbsent(words.get(1), same -> new TreeMap<>())
                    .put(Integer.valueOf(words.get(2)), words.get(MOST_WORDS - 1));
        } else if (words.get(0).equals(BINARY)) {
            binaries.put(words.get(1), rest(line));
        } else if (words.get(0).equals(CURRENT)) {
            current.put(words.get(1), rest(line));
        } else {
            return false;
        }
        return true;
    }

    /** What follows the first two words. */
    private static String rest(String line) {
        return line.split(" ", MOST_WORDS - 1)[MOST_WORDS - 2];
    }
}
