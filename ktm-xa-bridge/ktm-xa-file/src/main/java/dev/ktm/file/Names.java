package dev.ktm.file;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Names below the root: parts with slashes between them; empty for the root itself. */
final class Names {

    /** In UTF-8, on most file systems. */
    private static final int MOST_BYTES = 255;

    private Names() {}

    static String child(String directory, String name) {
        return directory.isEmpty() ? name : directory + "/" + name;
    }

    static String parent(String name) {
        int slash = name.lastIndexOf('/');
        return slash < 0 ? "" : name.substring(0, slash);
    }

    static String last(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    static List<String> parts(String name) {
        return name.isEmpty() ? List.of() : List.of(name.split("/"));
    }

    /** Whether it is the directory, or lies below it. */
    static boolean isWithin(String name, String directory) {
        return directory.isEmpty()
                || name.equals(directory)
                || (name.length() > directory.length()
                        && name.charAt(directory.length()) == '/'
                        && name.startsWith(directory));
    }

    /** With so much of its last part that it fits into a directory, whatever that counts in. */
    static String shortened(String name) {
        int end = name.length();
        int start = end - last(name).length();
        while (name.substring(start, end).getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
            end = name.offsetByCodePoints(end, -1);
        }
        return name.substring(0, end);
    }

    static int depth(String name) {
        return name.isEmpty() ? 0 : parts(name).size();
    }
}
