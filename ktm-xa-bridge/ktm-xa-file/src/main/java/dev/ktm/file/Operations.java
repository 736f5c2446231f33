package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.attribute.FileAttribute;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What can be done with names, in a transaction or outside of any. Links on the way to a name have been followed; a link that is
 * named itself is meant itself. The exceptions are those of {@link java.nio.file.Files}, and {@link TxfException}.
 */
interface Operations {

    /** What a name stands for; empty if for nothing. */
    Optional<Kind> kind(String name) throws IOException;

    FileChannel open(String name, OpenMode mode, FileAttribute<?>... attributes) throws IOException;

    Set<String> list(String directory) throws IOException;

    void createDirectory(String name, FileAttribute<?>... attributes) throws IOException;

    void createLink(String name, String target) throws IOException;

    String readLink(String name) throws IOException;

    void addName(String existing, String added) throws IOException;

    void delete(String name) throws IOException;

    void move(String from, String to, boolean replace) throws IOException;

    Map<String, Object> readAttributes(String name, String attributes) throws IOException;

    void setAttribute(String name, String attribute, Object value) throws IOException;
}
