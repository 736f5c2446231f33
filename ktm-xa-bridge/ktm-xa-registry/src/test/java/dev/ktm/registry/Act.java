package dev.ktm.registry;

import dev.ktm.tm.KtmTransaction;
import org.jspecify.annotations.Nullable;

/** One thing that is done to a registry, in words that the model understands as well. */
record Act(Kind kind, String path, String name, String text) {

    /** What is done. */
    enum Kind {
        SET,
        UNSET,
        CREATE,
        CREATE_VOLATILE,
        DELETE,
        DELETE_TREE,
        RENAME
    }

    private RegistryKey root(Registry registry, @Nullable KtmTransaction transaction) {
        return transaction == null ? registry.root() : registry.root(transaction);
    }

    private String full() {
        return path.isEmpty() ? name : path + "\\" + name;
    }

    /** Does it, and says what came of it. */
    String on(Registry registry, @Nullable KtmTransaction transaction) {
        try {
            var root = root(registry, transaction);
            return switch (kind) {
                case SET -> {
                    root.openKey(path).setValue(RegistryValue.string(name, text));
                    yield "done";
                }
                case UNSET -> String.valueOf(root.openKey(path).deleteValue(name));
                case CREATE -> String.valueOf(root.createKey(full()).isCreated());
                case CREATE_VOLATILE ->
                    String.valueOf(root.createKey(full(), KeyCreation.VOLATILE).isCreated());
                case DELETE -> {
                    root.deleteKey(path);
                    yield "done";
                }
                case DELETE_TREE -> {
                    root.deleteTree(path);
                    yield "done";
                }
                case RENAME -> {
                    root.renameKey(path, name);
                    yield "done";
                }
            };
        } catch (RegistryException e) {
            return e.error().toString();
        }
    }
}
