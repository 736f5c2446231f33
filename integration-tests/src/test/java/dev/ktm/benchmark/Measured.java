package dev.ktm.benchmark;

import java.nio.file.Path;

/** What is measured, in this process or in another one. */
interface Measured extends AutoCloseable {

    /** Has the callers of a scenario work for half a window, and then for a window that counts. */
    Work work(Scenario scenario, long windowNanos) throws Exception;

    /** Opens what is measured. */
    @FunctionalInterface
    interface Opener {

        /** Returns it, ready for its callers; what it keeps goes into an empty directory. */
        Measured open(Path directory) throws Exception;
    }
}
