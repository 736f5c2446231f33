package dev.ktm.benchmark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the command line asks for.
 *
 * @param <S> the sections of the program
 * @param directory where the logs go, on the device to be measured
 * @param rounds windows of each scenario
 * @param windowMillis length of a window, in milliseconds
 * @param sections what to measure
 * @param only measure the logs whose name contains this; empty for all
 * @param callers numbers of callers to measure; empty for those of the section
 * @param foreignPercent what others may use of the machine in a window that counts, in percent
 * @param json where to write every window, if anywhere
 */
record Settings<S extends Enum<S>>(
        Path directory,
        int rounds,
        int windowMillis,
        Set<S> sections,
        String only,
        List<Integer> callers,
        int foreignPercent,
        Optional<Path> json) {

    /** Refuses what cannot be measured. */
    Settings {
        if (rounds < 1 || windowMillis < 1 || foreignPercent < 0) {
            throw new IllegalArgumentException(
                    "expected at least one round and one millisecond, and a percentage, found " + rounds + ", "
                            + windowMillis + " and " + foreignPercent);
        }
    }

    /** How to call the program. */
    static String usage(Class<?> sections) {
        return """
            options, each with its default:
              --dir target/benchmark    where the logs go, on the device to be measured
              --rounds 5                windows of each scenario
              --window-millis 250       length of a window
              --sections SECTIONS
              --only TEXT               only the logs whose name contains this
              --threads 1,8             only these numbers of callers
              --max-foreign-percent 15  what others may use of the machine in a window that counts
              --json FILE               where to write every window
            """.replace("SECTIONS", names(sections));
    }

    private static String names(Class<?> sections) {
        return Arrays.stream(sections.getEnumConstants())
                .map(section -> section.toString().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(","));
    }

    /** Reads a command line. */
    static <S extends Enum<S>> Settings<S> of(Class<S> sections, String... arguments) {
        var builder = new Builder<S>(sections);
        if (arguments.length % 2 != 0) {
            throw new IllegalArgumentException("expected pairs of option and value");
        }
        for (int i = 0; i < arguments.length; i += 2) {
            builder.set(arguments[i], arguments[i + 1]);
        }
        return builder.build();
    }

    /** Whether a log of this name is to be measured. */
    boolean includes(String log) {
        return log.toLowerCase(Locale.ROOT).contains(only.toLowerCase(Locale.ROOT));
    }

    /** The numbers of callers to measure where the section would take these. */
    List<Integer> callersOr(Integer... usual) {
        return callers.isEmpty() ? List.of(usual) : callers;
    }

    /** Collects the options. Not thread-safe. */
    private static final class Builder<S extends Enum<S>> {
        private final Class<S> type;
        private Path directory = Path.of("target", "benchmark");
        private int rounds = 5;
        private int windowMillis = 250;
        private Set<S> sections;
        private String only = "";
        private List<Integer> callers = List.of();
        private int foreignPercent = 15;
        private Optional<Path> json = Optional.empty();

        Builder(Class<S> type) {
            this.type = type;
            this.sections = EnumSet.allOf(type);
        }

        void set(String option, String value) {
            switch (option) {
                case "--dir" -> directory = Path.of(value);
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--window-millis" -> windowMillis = Integer.parseInt(value);
                case "--sections" -> sections = sections(value);
                case "--only" -> only = value;
                case "--threads" ->
                    callers = Arrays.stream(value.split(","))
                            .map(Integer::valueOf)
                            .toList();
                case "--max-foreign-percent" -> foreignPercent = Integer.parseInt(value);
                case "--json" -> json = Optional.of(Path.of(value));
                default -> throw new IllegalArgumentException("unknown option " + option);
            }
        }

        private Set<S> sections(String value) {
            var named = new ArrayList<S>();
            for (var name : value.split(",")) {
                named.add(Enum.valueOf(type, name.toUpperCase(Locale.ROOT)));
            }
            return EnumSet.copyOf(named);
        }

        Settings<S> build() {
            return new Settings<>(directory, rounds, windowMillis, sections, only, callers, foreignPercent, json);
        }
    }
}
