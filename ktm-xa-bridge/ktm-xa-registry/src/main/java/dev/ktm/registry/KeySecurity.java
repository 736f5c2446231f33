package dev.ktm.registry;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Who may do what with a key: its owner, who may always read and change this, and what is granted to whom by name. A new key gets
 * that of the key it is made in. Names are whatever {@link RegistryOptions#principals} says of a caller.
 *
 * @param owner the principal that it belongs to
 * @param grants rights by principal; {@link #EVERYONE} stands for all
 */
public record KeySecurity(String owner, Map<String, Set<KeyRight>> grants) {

    /** The principal that everybody is. */
    public static final String EVERYONE = "*";

    /** Everybody may do everything. */
    public static final KeySecurity OPEN = new KeySecurity(EVERYONE, Map.of(EVERYONE, KeyRight.ALL));

    /** Copies what is granted. */
    public KeySecurity {
        var sorted = new TreeMap<String, Set<KeyRight>>();
        grants.forEach((principal, rights) -> sorted.put(principal, copyOf(rights)));
        grants = Collections.unmodifiableSortedMap(sorted);
    }

    private static Set<KeyRight> copyOf(Collection<KeyRight> rights) {
        var copy = EnumSet.noneOf(KeyRight.class);
        copy.addAll(rights);
        return Collections.unmodifiableSet(copy);
    }

    /** What somebody of these names may do. */
    public Set<KeyRight> permitted(Set<String> principals) {
        if (this.equals(OPEN)) {
            return KeyRight.ALL;
        }
        var permitted = EnumSet.noneOf(KeyRight.class);
        grants.forEach((principal, rights) -> {
            if (principal.equals(EVERYONE) || principals.contains(principal)) {
                permitted.addAll(rights);
            }
        });
        if (owner.equals(EVERYONE) || principals.contains(owner)) {
            permitted.add(KeyRight.READ_SECURITY);
            permitted.add(KeyRight.WRITE_SECURITY);
        }
        return permitted;
    }
}
