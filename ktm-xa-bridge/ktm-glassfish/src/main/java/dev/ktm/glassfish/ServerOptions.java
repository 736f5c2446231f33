package dev.ktm.glassfish;

import dev.ktm.KtmOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;

/**
 * What the server's properties say of the coordinator.
 *
 * @param coordinator how it is opened; its transactions have no timeout of their own, because the server says theirs
 * @param defaultTimeout what the server says of transactions if its own configuration has no timeout
 */
record ServerOptions(KtmOptions coordinator, Optional<Duration> defaultTimeout) {

    /** What the names of all properties begin with; the rest are those of {@link KtmOptions.Builder#option}. */
    static final String PREFIX = "ktm.";

    private static final String LOG_DIRECTORY = "logDirectory";
    private static final String IN_MEMORY = "inMemory";
    private static final String DEFAULT_TIMEOUT = "defaultTimeout";

    /**
     * Of these properties.
     *
     * @param instanceRoot where the log is, in {@code ktm-log}, if nothing is said
     * @throws IllegalArgumentException if a property is none of ours, or its value none of its kind
     */
    static ServerOptions of(Properties properties, Path instanceRoot) {
        var builder = KtmOptions.builder();
        var names = new TreeSet<>(properties.stringPropertyNames());
        names.removeIf(name -> !name.startsWith(PREFIX));
        for (var name : names) {
            try {
                builder.option(name.substring(PREFIX.length()), properties.getProperty(name));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("property " + name + ": " + e.getMessage(), e);
            }
        }
        if (!isTrue(properties, IN_MEMORY) && !names.contains(PREFIX + LOG_DIRECTORY)) {
            builder.logDirectory(instanceRoot.resolve("ktm-log"));
        }
        return new ServerOptions(build(builder), defaultTimeout(properties));
    }

    private static boolean isTrue(Properties properties, String option) {
        return properties.getProperty(PREFIX + option, "false").strip().equals("true");
    }

    private static KtmOptions build(KtmOptions.Builder builder) {
        try {
            return builder.defaultTimeout(Duration.ZERO).build();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "properties " + PREFIX + LOG_DIRECTORY + " and " + PREFIX + IN_MEMORY + ": " + e.getMessage(), e);
        }
    }

    private static Optional<Duration> defaultTimeout(Properties properties) {
        return Optional.ofNullable(properties.getProperty(PREFIX + DEFAULT_TIMEOUT))
                .map(text -> KtmOptions.builder()
                        .inMemory()
                        .option(DEFAULT_TIMEOUT, text)
                        .build()
                        .defaultTimeout());
    }

    /** The default timeout in the unit of the server, rounded up; 0 for none. */
    int defaultTimeoutSeconds() {
        return defaultTimeout
                .map(timeout -> (int)
                        Math.min(Integer.MAX_VALUE, timeout.plusMillis(999).toSeconds()))
                .orElse(0);
    }

    /** Where the log is, for people. */
    String place() {
        return coordinator
                .logDirectory()
                .map(directory -> directory.toAbsolutePath().toString())
                .orElse("memory only: nothing survives a crash");
    }
}
