package dev.ktm.comparison;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.ktm.comparison.fault.Observation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The directory of what was measured: a file for each section, and one that says when and where. */
final class Results {

    private static final String RUNS = "runs.json";

    private final Path directory;
    private final ObjectMapper json = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT, SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

    Results(Path directory) {
        this.directory = directory;
    }

    Path file(Section section) {
        return directory.resolve(section.file());
    }

    Map<Section, Run> runs() throws IOException {
        return read(RUNS, new TypeReference<TreeMap<Section, Run>>() {}, new TreeMap<>());
    }

    /** Says that a section was just measured. */
    void add(Section section, Run run) throws IOException {
        var all = new TreeMap<>(runs());
        all.put(section, run);
        write(RUNS, all);
    }

    List<Window> windows(Section section) throws IOException {
        return read(section.file(), new TypeReference<>() {}, List.of());
    }

    List<Forces> forces() throws IOException {
        return read(Section.FORCES.file(), new TypeReference<>() {}, List.of());
    }

    List<Restart> restarts() throws IOException {
        return read(Section.RESTART.file(), new TypeReference<>() {}, List.of());
    }

    List<Observation> faults() throws IOException {
        return read(Section.FAULTS.file(), new TypeReference<>() {}, List.of());
    }

    void write(Section section, List<?> all) throws IOException {
        write(section.file(), all);
    }

    private void write(String name, Object value) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(
                directory.resolve(name), json.writeValueAsString(value).replace("\r\n", "\n") + "\n");
    }

    private <T> T read(String name, TypeReference<T> type, T none) throws IOException {
        var file = directory.resolve(name);
        return Files.exists(file) ? json.readValue(file.toFile(), type) : none;
    }
}
