package dev.ktm.jms;

import jakarta.jms.JMSException;
import org.jspecify.annotations.Nullable;
import org.messaginghub.pooled.jms.util.JMSExceptionSupport;

/** Calls of the classic interfaces for the simplified ones, which throw the unchecked counterpart of each exception. */
final class Unchecked {

    private Unchecked() {}

    /** What gives something. */
    @FunctionalInterface
    interface Getter<T> {
        T get() throws JMSException;
    }

    /** What finds something, or nothing. */
    @FunctionalInterface
    interface Finder<T> {
        @Nullable
        T get() throws JMSException;
    }

    /** What does something. */
    @FunctionalInterface
    interface Action {
        void run() throws JMSException;
    }

    static <T> T get(Getter<T> getter) {
        try {
            return getter.get();
        } catch (JMSException e) {
            throw JMSExceptionSupport.createRuntimeException(e);
        }
    }

    static <T> @Nullable T find(Finder<T> finder) {
        try {
            return finder.get();
        } catch (JMSException e) {
            throw JMSExceptionSupport.createRuntimeException(e);
        }
    }

    static void run(Action action) {
        try {
            action.run();
        } catch (JMSException e) {
            throw JMSExceptionSupport.createRuntimeException(e);
        }
    }
}
