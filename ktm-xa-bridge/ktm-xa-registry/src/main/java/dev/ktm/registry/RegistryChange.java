package dev.ktm.registry;

/**
 * One thing that has happened.
 *
 * @param path of the key that it happened to, from the root of the registry; as it is now, or was before it was deleted
 * @param name of the value, or the name that a renamed key had before, or that of the key
 */
public record RegistryChange(Kind kind, String path, String name) {

    /** What has happened. */
    public enum Kind {
        /** The key was made. */
        KEY_CREATED,
        /** The key was deleted. */
        KEY_DELETED,
        /** The key has got another name. */
        KEY_RENAMED,
        /** A value was set. */
        VALUE_SET,
        /** A value was deleted. */
        VALUE_DELETED,
        /** The security of the key has changed. */
        SECURITY_SET;

        /** Whether it happens to the key that the key is in, too. */
        boolean isOfParent() {
            return this == KEY_CREATED || this == KEY_DELETED || this == KEY_RENAMED;
        }

        /** Whether it happens to a value. */
        boolean isOfValue() {
            return this == VALUE_SET || this == VALUE_DELETED;
        }
    }
}
