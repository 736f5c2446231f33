package dev.ktm.benchmark;

import java.nio.file.Path;

/** A way to change files below a directory that it has for itself. Safe for many threads. */
interface FileWriter extends AutoCloseable {

    /** How it is called in the tables. */
    String title();

    /** The directory. */
    Path directory();

    /** Replaces one file; when this returns it is in its place, and durable if that is the way. */
    void replace(String name, byte[] content) throws Exception;

    /** Makes so many files with this content, together if that is the way. */
    void createAll(String prefix, int count, byte[] content) throws Exception;

    /** Replaces a file by a copy of another one that does not belong to the directory. */
    void replaceBy(String name, Path source) throws Exception;

    /** Makes durable what is not yet, and forgets about it. */
    default void settle() throws Exception {}

    @Override
    default void close() throws Exception {}
}
