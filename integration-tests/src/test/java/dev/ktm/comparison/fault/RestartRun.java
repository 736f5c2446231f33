package dev.ktm.comparison.fault;

import dev.ktm.comparison.fault.FaultLife.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How long a restart takes.
 *
 * @param transactions that were decided and of which nobody had been told
 * @param openedSeconds until the product is open
 * @param finishedSeconds until everybody has been told, or negative if that was given up
 */
public record RestartRun(int transactions, double openedSeconds, double finishedSeconds) {

    /** Runs one in a directory that is empty. */
    public static RestartRun of(FaultProduct product, FaultSize size, Path directory)
            throws IOException, InterruptedException {
        var log = directory.resolve("log");
        for (var step : new Step[] {Step.WORK, Step.RESTART}) {
            try (var life = LifeProcess.start(Fault.RESOURCE_DOWN, product, step, size, directory, log)) {
                var end = life.awaitEnd();
                if (!end.isEmpty()) {
                    throw new IOException(product + ", " + step + ": " + end + "\n"
                            + Files.readString(directory.resolve("errors." + step)));
                }
            }
        }
        var facts = new Facts(directory).all();
        return new RestartRun(size.few(), seconds(facts.get("opened.nanos")), seconds(facts.get("finished.nanos")));
    }

    private static double seconds(@org.jspecify.annotations.Nullable String nanos) {
        return nanos == null ? -1 : Long.parseLong(nanos) / 1e9;
    }
}
