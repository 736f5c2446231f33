package dev.ktm.registry;

/**
 * A key as it stands at one moment. Its id is never given to another, so a handle notices that a key was deleted and made again.
 *
 * @param id negative if it is volatile
 * @param parent the id of the key that it is in; 0 for the root of a hive
 * @param written when it was last changed, in microseconds since 1970
 */
record Node(
        long id,
        long parent,
        String name,
        Attributes attributes,
        long written,
        Entries<Child> children,
        Entries<RegistryValue> values) {

    static final long ROOT = 1;

    /** Where a subkey is found. */
    record Child(String name, long id) implements Entries.Named {}

    /** What is there beside names and values; most keys share theirs with their neighbours. */
    record Attributes(String className, KeySecurity security) {
        static final Attributes NONE = new Attributes("", KeySecurity.OPEN);
    }

    static Node empty(long id, long parent, String name, Attributes attributes, long written) {
        return new Node(id, parent, name, attributes, written, Entries.empty(), Entries.empty());
    }

    boolean isVolatile() {
        return isVolatile(id);
    }

    static boolean isVolatile(long id) {
        return id < 0;
    }
}
