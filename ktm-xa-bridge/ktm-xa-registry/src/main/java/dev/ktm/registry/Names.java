package dev.ktm.registry;

import java.util.Comparator;
import java.util.List;

/** How names of keys and values are made and compared: without regard to case, one UTF-16 unit after the other, as in Windows. */
final class Names {

    static final int MOST_KEY_CHARACTERS = 255;
    static final int MOST_VALUE_CHARACTERS = 16_383;

    static final Comparator<String> ORDER = Names::compare;

    private static final int ASCII = 128;
    private static final int MOST_SHOWN_CHARACTERS = 40;

    private Names() {}

    static int compare(String one, String other) {
        int both = Math.min(one.length(), other.length());
        for (int i = 0; i < both; i++) {
            char left = one.charAt(i);
            char right = other.charAt(i);
            if (left != right) {
                int difference = folded(left) - folded(right);
                if (difference != 0) {
                    return difference;
                }
            }
        }
        return one.length() - other.length();
    }

    private static char folded(char unit) {
        if (unit < ASCII) {
            return unit >= 'a' && unit <= 'z' ? (char) (unit - 'a' + 'A') : unit;
        }
        return Character.toUpperCase(unit);
    }

    /** What equal names have in common. */
    static String folded(String name) {
        var units = name.toCharArray();
        for (int i = 0; i < units.length; i++) {
            units[i] = folded(units[i]);
        }
        return new String(units);
    }

    static void requireKey(String name) throws RegistryException {
        if (name.isEmpty() || name.indexOf('\\') >= 0) {
            throw new RegistryException(
                    RegistryError.INVALID_PARAMETER,
                    "expected the name of a key, without backslashes, found \"" + shortened(name) + "\"");
        }
        require(name, "key", MOST_KEY_CHARACTERS);
    }

    static void requireValue(String name) throws RegistryException {
        require(name, "value", MOST_VALUE_CHARACTERS);
    }

    private static void require(String name, String what, int most) throws RegistryException {
        if (name.length() > most) {
            throw new RegistryException(
                    RegistryError.NAME_TOO_LONG,
                    "expected a name of a " + what + " of at most " + most + " characters, found " + name.length()
                            + ": \"" + shortened(name) + "\"");
        }
    }

    static String shortened(String name) {
        return name.length() <= MOST_SHOWN_CHARACTERS ? name : name.substring(0, MOST_SHOWN_CHARACTERS) + "…";
    }

    /** The names in a path; none in an empty one. */
    static List<String> path(String path) throws RegistryException {
        if (path.isEmpty()) {
            return List.of();
        }
        var names = List.of(path.split("\\\\", -1));
        for (var name : names) {
            requireKey(name);
        }
        return names;
    }
}
