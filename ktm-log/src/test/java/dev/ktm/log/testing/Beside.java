package dev.ktm.log.testing;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * Does something on a thread of its own, however many others wait. The common pool has as many threads as the machine has processors,
 * less one: tasks that wait for each other stop it.
 */
public final class Beside {

    private Beside() {}

    /** Something that may fail. */
    public interface Action {
        void run() throws Exception;
    }

    /** Does it; the future has its failure. */
    public static CompletableFuture<Void> run(Action action) {
        return call(() -> {
            action.run();
            return null;
        });
    }

    /** As {@link #run}, with a result. */
    public static <T> CompletableFuture<T> call(Callable<T> action) {
        var result = new CompletableFuture<T>();
        var thread = new Thread(
                () -> {
                    try {
                        result.complete(action.call());
                    } catch (Exception | Error e) {
                        result.completeExceptionally(e);
                    }
                },
                "beside");
        thread.setDaemon(true);
        thread.start();
        return result;
    }
}
