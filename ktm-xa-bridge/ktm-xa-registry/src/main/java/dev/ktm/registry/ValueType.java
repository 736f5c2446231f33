package dev.ktm.registry;

import java.util.Optional;

/** What a value is said to be. Data are stored as given, whatever the type says. */
public enum ValueType {
    /** Nothing is said. */
    NONE(0),
    /** Text, in UTF-16LE, as a rule with a terminator. */
    SZ(1),
    /** Text with references to environment variables, which nobody expands here. */
    EXPAND_SZ(2),
    /** Bytes. */
    BINARY(3),
    /** 32 bits, little-endian. */
    DWORD(4),
    /** 32 bits, big-endian. */
    DWORD_BIG_ENDIAN(5),
    /** The target of a symbolic link, which nobody follows here. */
    LINK(6),
    /** Texts, each with a terminator, and one more at the end. */
    MULTI_SZ(7),
    /** A driver's list of resources. */
    RESOURCE_LIST(8),
    /** A list of hardware resources. */
    FULL_RESOURCE_DESCRIPTOR(9),
    /** A driver's list of possible resources. */
    RESOURCE_REQUIREMENTS_LIST(10),
    /** 64 bits, little-endian. */
    QWORD(11);

    private static final ValueType[] BY_CODE = values();

    private final int code;

    ValueType(int code) {
        this.code = code;
    }

    /** The number that Windows has for it. */
    public int code() {
        return code;
    }

    /** The type of this {@link #code}; empty if there is none. */
    public static Optional<ValueType> of(int code) {
        return code >= 0 && code < BY_CODE.length ? Optional.of(BY_CODE[code]) : Optional.empty();
    }
}
