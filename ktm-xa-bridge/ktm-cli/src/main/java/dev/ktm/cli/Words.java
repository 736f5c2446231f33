package dev.ktm.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** How values are said to people. */
final class Words {

    private static final long MILLIS_IN_SECOND = 1000;
    private static final long SECONDS_IN_TEN_MINUTES = 600;
    private static final long SECONDS_IN_TWO_HOURS = 7200;
    private static final long SECONDS_IN_TWO_DAYS = 172_800;
    private static final int KIBI = 1024;

    private static final DateTimeFormatter MILLIS =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

    private Words() {}

    /** A constant's name, as a word: {@code IN_DOUBT} is "in doubt". */
    static String of(Enum<?> value) {
        return of(value.name());
    }

    /** A constant's name, as a word. */
    static String of(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** A duration, to about two digits. */
    static String duration(long millis) {
        if (millis < MILLIS_IN_SECOND) {
            return Math.max(0, millis) + " ms";
        }
        long seconds = millis / MILLIS_IN_SECOND;
        if (seconds < SECONDS_IN_TEN_MINUTES) {
            return seconds + " s";
        }
        var duration = Duration.ofSeconds(seconds);
        if (seconds < SECONDS_IN_TWO_HOURS) {
            return duration.toMinutes() + " min";
        }
        return seconds < SECONDS_IN_TWO_DAYS ? duration.toHours() + " h" : duration.toDays() + " d";
    }

    /** A size. */
    static String bytes(long bytes) {
        if (bytes < KIBI) {
            return bytes + " B";
        }
        double value = bytes;
        String unit = "B";
        for (var larger : new String[] {"KiB", "MiB", "GiB", "TiB"}) {
            if (value < KIBI) {
                break;
            }
            value /= KIBI;
            unit = larger;
        }
        return String.format(Locale.ROOT, value < 10 && value != Math.rint(value) ? "%.1f %s" : "%.0f %s", value, unit);
    }

    /** A share, from 0 to 1. */
    static String percent(double share) {
        return Math.round(share * 100) + "%";
    }

    /** A point in time, in UTC and to the second. */
    static String time(String instant) {
        return instant.isEmpty()
                ? ""
                : Instant.parse(instant).truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** A point in time at which a state was entered, in UTC and to the millisecond: several follow within one second. */
    static String timeOfState(String instant) {
        return instant.isEmpty() ? "" : MILLIS.format(Instant.parse(instant).truncatedTo(ChronoUnit.MILLIS));
    }

    /** Some of something, in the singular or the plural. */
    static String count(long number, String singular) {
        return number + " " + (number == 1 ? singular : singular + "s");
    }
}
