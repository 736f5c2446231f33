package dev.ktm.benchmark;

import java.util.Locale;

/**
 * One configuration that is measured: a log and those who use it.
 *
 * @param log name of the log
 * @param opener opens it
 * @param callers how many threads append at the same time
 * @param threads of which kind they are
 * @param thinkMicros pause of each caller between two appends, in microseconds
 */
record Scenario(String log, Measured.Opener opener, int callers, ThreadKind threads, long thinkMicros) {

    /** The callers in words. */
    String callersText() {
        return callers + " " + threads.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return log + ", " + callersText() + (thinkMicros > 0 ? ", thinking " + thinkMicros + " microseconds" : "");
    }
}
