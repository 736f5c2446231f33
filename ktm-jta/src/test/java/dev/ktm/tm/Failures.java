package dev.ktm.tm;

import dev.ktm.rm.NotificationHandler;

/** Throwing, and not throwing. */
final class Failures {

    private Failures() {}

    /** Something that may fail. */
    interface Risky {
        void run() throws Exception;
    }

    /** Runs this beside, in a thread of its own. */
    static void inThread(Runnable task) {
        new Thread(task, "beside").start();
    }

    /** Throws this. */
    static NotificationHandler.Result raise(Throwable failure) throws Exception {
        if (failure instanceof Error error) {
            throw error;
        }
        throw (Exception) failure;
    }

    /** Does this; what it throws is wrapped. */
    static void unchecked(Risky risky) {
        try {
            risky.run();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
