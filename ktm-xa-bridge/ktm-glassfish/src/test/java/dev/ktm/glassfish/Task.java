package dev.ktm.glassfish;

/** What a test does inside a bean. */
@FunctionalInterface
public interface Task {
    void run() throws Exception;
}
