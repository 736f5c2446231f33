package dev.ktm.registry;

/**
 * How names of preferences, which differ by case, are kept in the registry, where they do not: a slash stands before each capital
 * letter of ASCII, and two for a backslash; a backslash stands for a slash, as in what the JDK keeps in Windows' registry. Of other
 * letters, those with a case are written as a slash, {@code x} and four hexadecimal digits.
 */
final class PreferenceNames {

    private static final int ASCII = 128;
    private static final int DIGITS = 4;
    private static final int HEX = 16;

    private PreferenceNames() {}

    static String encode(String name) {
        var encoded = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char unit = name.charAt(i);
            if (unit == '\\') {
                encoded.append("//");
            } else if (unit == '/') {
                encoded.append('\\');
            } else if (unit >= 'A' && unit <= 'Z') {
                encoded.append('/').append(unit);
            } else if (unit >= ASCII && (Character.toUpperCase(unit) != unit || Character.toLowerCase(unit) != unit)) {
                encoded.append("/x");
                for (int shift = (DIGITS - 1) * 4; shift >= 0; shift -= 4) {
                    encoded.append(Character.forDigit(unit >>> shift & (HEX - 1), HEX));
                }
            } else {
                encoded.append(unit);
            }
        }
        return encoded.toString();
    }

    static String decode(String name) {
        var decoded = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char unit = name.charAt(i);
            if (unit == '\\') {
                decoded.append('/');
            } else if (unit != '/' || i + 1 == name.length()) {
                decoded.append(unit);
            } else {
                char next = name.charAt(++i);
                if (next == 'x' && i + DIGITS < name.length()) {
                    decoded.append((char) Integer.parseInt(name, i + 1, i + 1 + DIGITS, HEX));
                    i += DIGITS;
                } else {
                    decoded.append(next == '/' ? '\\' : next);
                }
            }
        }
        return decoded.toString();
    }
}
