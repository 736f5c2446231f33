package dev.ktm.glassfish;

import org.glassfish.resourcebase.resources.api.PoolInfo;

/** What pools are called for recovery: as the server calls them, which no two do, and the same after a restart. */
final class PoolNames {

    private PoolNames() {}

    /** Applications may have pools of the same name each. */
    static String nameOf(PoolInfo pool) {
        var name = ownNameOf(pool);
        if (pool.getApplicationName() == null) {
            return name;
        }
        return name + "@" + pool.getApplicationName()
                + (pool.getModuleName() == null ? "" : "#" + pool.getModuleName());
    }

    /** The two servers have another type for it each. */
    private static String ownNameOf(PoolInfo pool) {
        try {
            return PoolInfo.class.getMethod("getName").invoke(pool).toString();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("expected a server whose pools have names, found " + pool, e);
        }
    }
}
