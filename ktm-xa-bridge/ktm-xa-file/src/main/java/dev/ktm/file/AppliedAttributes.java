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
        var rights = new LinkedHashMap<String, Object>();
        var others = new LinkedHashMap<String, Object>();
        attributes.forEach((attribute, value) ->
                (attribute.startsWith("user:") || value instanceof FileTime ? others : rights).put(attribute, value));
        try {
            setEach(disk, name, others);
        } catch (IOException e) {
            if (!isOpenedToOwner(disk, name, rights)) {
                throw e;
            }
            setEach(disk, name, others);
        }
        setEach(disk, name, rights);
    }

    private static void setEach(Disk disk, String name, Map<String, Object> attributes) throws IOException {
        for (var each : attributes.entrySet()) {
            set(disk, name, each.getKey(), each.getValue());
        }
    }

    /**
     * Its rights may be older, or younger, than the others, and are to be set anyway: whoever it belongs to gets all that it takes to
     * set the others until then. False if he has that, or the rights are to stay as they are.
     */
    private static boolean isOpenedToOwner(Disk disk, String name, Map<String, Object> rights) throws IOException {
        if (!rights.containsKey(MODE) && !rights.containsKey(PERMISSIONS)) {
            return false;
        }
        var there = disk.stat(name).filter(stat -> stat.kind() != Disk.Kind.LINK);
        var owned = there.flatMap(Disk.Stat::owned);
        if (owned.isEmpty()) {
            return false;
        }
        int open = owned.get().mode()
                | OWNER_READS_AND_WRITES
                | (there.filter(Disk.Stat::isDirectory).isPresent() ? OWNER_SEARCHES : 0);
        if (open == owned.get().mode()) {
            return false;
        }
        disk.setAttribute(name, MODE, open);
        return true;
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
