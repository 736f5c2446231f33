package dev.ktm.jta;

import java.util.concurrent.Executor;

/**
 * In which order, and on which threads, the calls of a transaction's resources are made. What is handed to one chain is done
 * one after the other.
 */
interface CallChain {

    /** Something that a resource is asked to do. */
    interface Call {
        /** Asks; may take for ever. Runs once. */
        XaAnswer make();

        /** Does what follows from the answer. Called once. */
        void conclude(XaAnswer answer);

        /** What the answer is if there is none in time. */
        XaAnswer givenUp(Throwable why);
    }

    /** Has a call made. */
    void submit(Call call);

    /** Whether calls are made at once, on the thread that asks, and need not be submitted. */
    default boolean isDirect() {
        return false;
    }

    /** Does something within the time that a call has. Returns whether it was done by then; it may still be done later. */
    default boolean attempt(Runnable task) {
        task.run();
        return true;
    }

    /** Everything at once, on the thread that asks. */
    CallChain DIRECT = new CallChain() {
        @Override
        public void submit(Call call) {
            call.conclude(call.make());
        }

        @Override
        public boolean isDirect() {
            return true;
        }
    };

    /** Threads and time for chains that are not direct. What no thread can be had for is done by whoever asks. */
    interface Threads extends Executor {
        /** Threads for calls of resources that nobody expects to hang. */
        Executor calls();

        /**
         * As {@link #execute}, and never on the thread of the caller.
         *
         * @throws java.util.concurrent.RejectedExecutionException if this is closed
         * @throws OutOfMemoryError if the machine has no more threads
         */
        void elsewhere(Runnable task);

        /** Runs this after so many nanoseconds, unless the returned is run before. */
        Runnable after(long nanos, Runnable task);
    }
}
