package dev.ktm.file;

import java.io.IOException;
import java.nio.file.attribute.FileTime;
import java.security.Principal;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Attributes of an object, set together: its rights last, because they may be such that nobody could set anything any more. */
final class AppliedAttributes {

    private static final String MODE = "unix:mode";
    private static final String PERMISSIONS = "posix:permissions";
    private static final int OWNER_READS_AND_WRITES = 0b110_000_000;
    private static final int OWNER_SEARCHES = 0b001_000_000;

    private AppliedAttributes() {}

    /** Sets them, perhaps once more. */
    static void setAll(Disk disk, String name, Map<String, Object> attributes) throws IOException {
        set(disk, name, attributes, attributes.containsKey(MODE) || attributes.containsKey(PERMISSIONS));
    }

    /** As {@link #setAll}, when it may have other rights by now than it had when they were set first. */
    static void setAgain(Disk disk, String name, Map<String, Object> attributes) throws IOException {
        set(disk, name, attributes, true);
    }

    /**
     * Sets them.
     *
     * @param mayOpen whether its rights are not those that count, so that it is opened to its owner for what these do not allow
     */
    private static void set(Disk disk, String name, Map<String, Object> attributes, boolean mayOpen)
            throws IOException {
        var rights = new LinkedHashMap<String, Object>();
        var others = new LinkedHashMap<String, Object>();
        attributes.forEach((attribute, value) ->
                (attribute.startsWith("user:") || value instanceof FileTime ? others : rights).put(attribute, value));
        try {
            setEach(disk, name, others);
        } catch (IOException e) {
            var there = disk.stat(name).filter(stat -> stat.kind() != Disk.Kind.LINK);
            var mode = there.flatMap(Disk.Stat::owned).map(Disk.Owned::mode);
            if (!mayOpen || mode.isEmpty() || mode.get() == opened(there.get(), mode.get())) {
                throw e;
            }
            disk.setAttribute(name, MODE, opened(there.get(), mode.get()));
            try {
                setEach(disk, name, others);
            } finally {
                disk.setAttribute(name, MODE, mode.get());
            }
        }
        setEach(disk, name, rights);
    }

    private static void setEach(Disk disk, String name, Map<String, Object> attributes) throws IOException {
        for (var each : attributes.entrySet()) {
            set(disk, name, each.getKey(), each.getValue());
        }
    }

    /** A mode with all that it takes whoever something belongs to to set what it has. */
    private static int opened(Disk.Stat there, int mode) {
        return mode | OWNER_READS_AND_WRITES | (there.isDirectory() ? OWNER_SEARCHES : 0);
    }

    private static void set(Disk disk, String name, String attribute, Object value) throws IOException {
        try {
            disk.setAttribute(name, attribute, value);
        } catch (IOException e) {
            if (!isSet(disk, name, attribute, value)) {
                throw e;
            }
        }
    }

    /** Whether it is so already: whoever may not read a file may not even set what it has. */
    private static boolean isSet(Disk disk, String name, String attribute, Object value) {
        try {
            var found = disk.readAttributes(name, attribute).get(attribute.substring(attribute.indexOf(':') + 1));
            return value.equals(found)
                    || (value instanceof byte[] bytes && found instanceof byte[] there && Arrays.equals(bytes, there))
                    || (value instanceof String text
                            && found instanceof Principal principal
                            && text.equals(principal.getName()));
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }
}
