package dev.ktm.registry;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What a handle of a key may do. */
public enum KeyRight {
    /** Read values. */
    QUERY_VALUE(0x1),
    /** Set and delete values. */
    SET_VALUE(0x2),
    /** Create subkeys. */
    CREATE_SUB_KEY(0x4),
    /** List subkeys. */
    ENUMERATE_SUB_KEYS(0x8),
    /** Watch it. */
    NOTIFY(0x10),
    /** Delete and rename it. */
    DELETE(0x10000),
    /** Read its security. */
    READ_SECURITY(0x20000),
    /** Change its security. */
    WRITE_SECURITY(0x40000);

    /** Every right. */
    public static final Set<KeyRight> ALL = Collections.unmodifiableSet(EnumSet.allOf(KeyRight.class));

    /** What those need who only look. */
    public static final Set<KeyRight> READ =
            Collections.unmodifiableSet(EnumSet.of(QUERY_VALUE, ENUMERATE_SUB_KEYS, NOTIFY, READ_SECURITY));

    private final int bit;

    KeyRight(int bit) {
        this.bit = bit;
    }

    /** Its bit in an access mask of Windows. */
    public int bit() {
        return bit;
    }
}
