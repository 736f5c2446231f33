package dev.ktm.registry;

/**
 * How names of preferences, which differ by case, are kept in the registry, where they do not: a slash stands before each capital
 * letter, and two for a backslash; a backslash stands for a slash, as in what the JDK keeps in Windows' registry. Letters that are not
 * one of two, such as those with a third form, are a slash and two Braille patterns, one for each of their bytes: these have no case,
 * and a name of the greatest length is short enough for a key.
 */
final class PreferenceNames {

    private static final int ASCII = 128;
    private static final int BRAILLE = 0x2800;
    private static final int BYTE = 0xff;

    private PreferenceNames() {}

    static String encode(String name) {
        var encoded = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char unit = name.charAt(i);
            if (unit == '\\') {
                encoded.append("//");
            } else if (unit == '/') {
                encoded.append('\\');
            } else if (unit < ASCII) {
                encoded.append(unit >= 'A' && unit <= 'Z' ? "/" : "").append(unit);
            } else {
                appendLetter(encoded, unit);
            }
        }
        return encoded.toString();
    }

    private static void appendLetter(StringBuilder encoded, char unit) {
        char lower = Character.toLowerCase(unit);
        char upper = Character.toUpperCase(unit);
        if (lower == unit && upper == unit) {
            encoded.append(unit);
        } else if (Character.toUpperCase(lower) != upper
                || Character.toLowerCase(upper) != lower
                || (unit != lower && unit != upper)) {
            encoded.append('/').append((char) (BRAILLE + (unit >>> Byte.SIZE))).append((char)
                    (BRAILLE + (unit & BYTE)));
        } else {
            encoded.append(unit == upper ? "/" : "").append(unit);
        }
    }

    /** What {@link #encode} was given; of any other name something. */
    static String decode(String name) {
        var decoded = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char unit = name.charAt(i);
            if (unit == '\\') {
                decoded.append('/');
            } else if (unit != '/') {
                decoded.append(unit);
            } else if (i + 2 < name.length() && isBraille(name.charAt(i + 1)) && isBraille(name.charAt(i + 2))) {
                decoded.append((char) ((name.charAt(i + 1) - BRAILLE) << Byte.SIZE | (name.charAt(i + 2) - BRAILLE)));
                i += 2;
            } else if (i + 1 < name.length()) {
                i++;
                decoded.append(name.charAt(i) == '/' ? '\\' : name.charAt(i));
            }
        }
        return decoded.toString();
    }

    private static boolean isBraille(char unit) {
        return unit >= BRAILLE && unit <= BRAILLE + BYTE;
    }
}
