package dev.ktm.registry;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.prefs.AbstractPreferences;
import java.util.prefs.BackingStoreException;
import java.util.prefs.NodeChangeEvent;
import java.util.prefs.NodeChangeListener;
import java.util.prefs.PreferenceChangeEvent;
import java.util.prefs.PreferenceChangeListener;
import org.jspecify.annotations.Nullable;

/**
 * Preferences that are keys of the registry: in the transaction of the thread if it has one, otherwise plain. Listeners hear what is
 * committed, when it is, whoever has written it.
 */
final class RegistryPreferences extends AbstractPreferences {

    private final Registry registry;
    private final String path;
    private final boolean isUser;
    private final List<PreferenceChangeListener> valueListeners = new CopyOnWriteArrayList<>();
    private final List<NodeChangeListener> nodeListeners = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable RegistryWatch> watch = new AtomicReference<>();

    /** A root. */
    RegistryPreferences(Registry registry, String path, boolean isUser) {
        super(null, "");
        this.registry = registry;
        this.path = path;
        this.isUser = isUser;
    }

    private RegistryPreferences(RegistryPreferences parent, String name, boolean isNew) {
        super(parent, name);
        this.registry = parent.registry;
        this.path = parent.path + "\\" + PreferenceNames.encode(name);
        this.isUser = parent.isUser;
        this.newNode = isNew;
    }

    @Override
    public boolean isUserNode() {
        return isUser;
    }

    // Reading and writing.

    private RegistryKey made() throws RegistryException {
        var transaction = registry.current();
        return transaction == null
                ? registry.root().createKey(path)
                : registry.root(transaction).createTransacted(path, KeyCreation.DEFAULT);
    }

    /** What is done with the key. */
    private interface Access<T> {
        T in(RegistryKey key) throws RegistryException;
    }

    /** Does it, if there is such a key. */
    private <T> Optional<T> found(Access<T> access) throws RegistryException {
        var transaction = registry.current();
        RegistryKey found;
        try {
            found = transaction == null
                    ? registry.root().openKey(path)
                    : registry.root(transaction).openTransacted(path);
        } catch (RegistryException e) {
            if (e.error() == RegistryError.KEY_NOT_FOUND || e.error() == RegistryError.KEY_DELETED) {
                return Optional.empty();
            }
            throw e;
        }
        try (found) {
            return Optional.of(access.in(found));
        }
    }

    private static IllegalStateException refused(RegistryException e) {
        return new IllegalStateException("the preference cannot be changed: " + e.getMessage(), e);
    }

    @Override
    protected void putSpi(String key, String value) {
        try (var made = made()) {
            made.setValue(RegistryValue.string(PreferenceNames.encode(key), value));
        } catch (RegistryException e) {
            throw refused(e);
        }
    }

    @Override
    protected @Nullable String getSpi(String key) {
        try {
            return found(each -> each.find(PreferenceNames.encode(key)))
                    .flatMap(found -> found)
                    .flatMap(RegistryValue::asString)
                    .orElse(null);
        } catch (RegistryException e) {
            // The caller gets its default, as the contract has it.
            throw refused(e);
        }
    }

    @Override
    protected void removeSpi(String key) {
        try {
            found(each -> each.deleteValue(PreferenceNames.encode(key)));
        } catch (RegistryException e) {
            throw refused(e);
        }
    }

    @Override
    protected String[] keysSpi() throws BackingStoreException {
        try {
            return found(RegistryKey::values).orElse(List.of()).stream()
                    // Whatever else is there has no text that could be got, or exported.
                    .filter(value -> value.asString().isPresent())
                    .map(value -> PreferenceNames.decode(value.name()))
                    .toArray(String[]::new);
        } catch (RegistryException e) {
            throw new BackingStoreException(e);
        }
    }

    // Nodes.

    @Override
    protected String[] childrenNamesSpi() throws BackingStoreException {
        try {
            return found(RegistryKey::subkeys).orElse(List.of()).stream()
                    .map(PreferenceNames::decode)
                    // Somebody else may have made a key that no node has.
                    .filter(RegistryPreferences::isName)
                    .toArray(String[]::new);
        } catch (RegistryException e) {
            throw new BackingStoreException(e);
        }
    }

    private static boolean isName(String name) {
        return !name.isEmpty() && name.indexOf('/') < 0;
    }

    @Override
    protected AbstractPreferences childSpi(String name) {
        var child = new RegistryPreferences(this, name, false);
        try (var made = child.made()) {
            return made.isCreated() ? new RegistryPreferences(this, name, true) : child;
        } catch (RegistryException e) {
            throw refused(e);
        }
    }

    @Override
    protected void removeNodeSpi() throws BackingStoreException {
        try {
            var transaction = registry.current();
            (transaction == null ? registry.root() : registry.root(transaction)).deleteTree(path);
        } catch (RegistryException e) {
            if (e.error() != RegistryError.KEY_NOT_FOUND) {
                throw new BackingStoreException(e);
            }
        }
        var watching = watch.getAndSet(null);
        if (watching != null) {
            watching.close();
        }
    }

    // Durability.

    @Override
    public void flush() throws BackingStoreException {
        try {
            registry.flush();
        } catch (RegistryException e) {
            throw new BackingStoreException(e);
        }
    }

    /** Memory is always up to date. */
    @Override
    public void sync() throws BackingStoreException {
        if (isRemoved()) {
            throw new IllegalStateException("expected a node that exists, found that it has been removed");
        }
        flush();
    }

    @Override
    protected void syncSpi() {}

    @Override
    protected void flushSpi() {}

    // Listeners.

    @Override
    public void addPreferenceChangeListener(PreferenceChangeListener listener) {
        valueListeners.add(listener);
        watch();
    }

    @Override
    public void removePreferenceChangeListener(PreferenceChangeListener listener) {
        if (!valueListeners.remove(listener)) {
            throw new IllegalArgumentException("expected a listener that is registered, found another");
        }
    }

    @Override
    public void addNodeChangeListener(NodeChangeListener listener) {
        nodeListeners.add(listener);
        watch();
    }

    @Override
    public void removeNodeChangeListener(NodeChangeListener listener) {
        if (!nodeListeners.remove(listener)) {
            throw new IllegalArgumentException("expected a listener that is registered, found another");
        }
    }

    /** From the root, which is always there: this key may come later, or come back. */
    private void watch() {
        if (isRemoved()) {
            throw new IllegalStateException("expected a node that exists, found that it has been removed");
        }
        if (watch.get() != null) {
            return;
        }
        try {
            var begun = registry.root().watchValues(true, this::changed);
            if (!watch.compareAndSet(null, begun)) {
                begun.close();
            }
        } catch (RegistryException e) {
            throw refused(e);
        }
    }

    private void changed(List<Watchers.Change> batch) {
        for (var each : batch) {
            var change = each.told();
            switch (change.kind()) {
                case VALUE_SET, VALUE_DELETED -> {
                    if (Names.compare(change.path(), path) == 0) {
                        valueChanged(PreferenceNames.decode(change.name()), each.value());
                    }
                }
                case KEY_CREATED, KEY_DELETED -> {
                    int end = change.path().lastIndexOf('\\');
                    if (end >= 0 && Names.compare(change.path().substring(0, end), path) == 0) {
                        nodeChanged(
                                PreferenceNames.decode(change.path().substring(end + 1)),
                                change.kind() == RegistryChange.Kind.KEY_CREATED);
                    }
                }
                case KEY_RENAMED, SECURITY_SET -> {}
            }
        }
    }

    private void valueChanged(String key, @Nullable RegistryValue value) {
        var text = value == null ? null : value.asString().orElse(null);
        var event = new PreferenceChangeEvent(this, key, text);
        valueListeners.forEach(listener -> listener.preferenceChange(event));
    }

    private void nodeChanged(String name, boolean isAdded) {
        if (!isName(name)) {
            return;
        }
        var event = new NodeChangeEvent(this, new RegistryPreferences(this, name, false));
        for (var listener : nodeListeners) {
            if (isAdded) {
                listener.childAdded(event);
            } else {
                listener.childRemoved(event);
            }
        }
    }
}
