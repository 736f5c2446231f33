package dev.ktm.registry;

/** How a file of Windows' registry editor is written. */
public enum RegFormat {
    /** Version 5.00 in UTF-16LE with a byte order mark, as Windows writes it. */
    VERSION_5("Windows Registry Editor Version 5.00"),
    /** Version 5.00 in UTF-8 without a byte order mark: for people, and for version control. */
    VERSION_5_UTF8("Windows Registry Editor Version 5.00"),
    /** The older format, in code page 1252: text that does not fit is refused. */
    REGEDIT4("REGEDIT4");

    private final String header;

    RegFormat(String header) {
        this.header = header;
    }

    /** Its first line. */
    String header() {
        return header;
    }
}
