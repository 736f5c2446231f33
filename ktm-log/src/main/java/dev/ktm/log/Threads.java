package dev.ktm.log;

import org.jspecify.annotations.Nullable;

/** What JDK 17 cannot say about threads of later JDKs. */
final class Threads {

    /** The class of all virtual threads, where there are any. A method handle would cost each cold start more. */
    private static final @Nullable Class<?> VIRTUAL = find();

    private Threads() {}

    /** Whether the calling thread is a virtual one. */
    static boolean isVirtual() {
        return VIRTUAL != null && VIRTUAL.isInstance(Thread.currentThread());
    }

    private static @Nullable Class<?> find() {
        try {
            return Class.forName("java.lang.BaseVirtualThread");
        } catch (ClassNotFoundException e) {
            return null;
        }
    }
}
