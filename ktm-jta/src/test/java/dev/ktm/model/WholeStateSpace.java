package dev.ktm.model;

import tlc2.TLC;
import tlc2.TLCGlobals;

/**
 * TLC that looks at what must happen at last once, when it knows every state.
 *
 * <p>By itself it also does so on the way, and stops its workers for that. The thread that waits for them to stop can miss that
 * they have (TLC 2.18, {@code StateQueue.suspendAll}: what it waits for may be said between its question and its wait), and then
 * the run never ends.
 */
final class WholeStateSpace {

    private WholeStateSpace() {}

    public static void main(String[] arguments) throws Exception {
        // No share of the time is small enough for a look on the way.
        TLCGlobals.livenessRatio = -1;
        TLC.main(arguments);
    }
}
