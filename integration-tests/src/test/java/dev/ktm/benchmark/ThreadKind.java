package dev.ktm.benchmark;

import java.util.concurrent.ThreadFactory;

/** What the callers are. */
enum ThreadKind {
    /** Threads of the operating system. */
    PLATFORM,
    /** Virtual threads, which Java has from 21 on. */
    VIRTUAL;

    /** Whether this Java has them. */
    boolean isAvailable() {
        return this == PLATFORM || Runtime.version().feature() >= 21;
    }

    /** Makes threads of this kind. */
    ThreadFactory factory() {
        return switch (this) {
            case PLATFORM -> Thread::new;
            case VIRTUAL -> virtualThreads();
        };
    }

    private static ThreadFactory virtualThreads() {
        try {
            var builder = Thread.class.getMethod("ofVirtual").invoke(null);
            var factory = Class.forName("java.lang.Thread$Builder").getMethod("factory");
            return (ThreadFactory) factory.invoke(builder);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no virtual threads in Java " + Runtime.version(), e);
        }
    }
}
