package dev.ktm.log.testing;

import java.util.HashMap;
import java.util.List;
import java.util.function.Supplier;

/** Objects that share what many take for an identity, and is none. */
public final class Alike {

    private Alike() {}

    /** Two objects with the same identity hash code: some ten thousand have to be made until there are two. */
    public static <T> List<T> byIdentityHash(Supplier<T> maker) {
        var made = new HashMap<Integer, T>();
        while (true) {
            var each = maker.get();
            var other = made.put(System.identityHashCode(each), each);
            if (other != null) {
                return List.of(other, each);
            }
        }
    }
}
