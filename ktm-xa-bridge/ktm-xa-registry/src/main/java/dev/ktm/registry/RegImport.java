package dev.ktm.registry;

import dev.ktm.rm.KtmException;
import dev.ktm.tm.TransactionOptions;
import java.util.List;

/** Has what a file of Windows' registry editor says happen to a key: all of it or nothing. */
final class RegImport {

    private final Registry registry;
    private final RegistryKey target;
    private final String prefix;

    RegImport(Registry registry, RegistryKey target, String prefix) {
        this.registry = registry;
        this.target = target;
        this.prefix = prefix;
    }

    void apply(List<RegParser.Section> sections) throws RegistryException {
        if (target.bound() == null) {
            applyAlone(sections);
            return;
        }
        try {
            applyTo(target, sections);
        } catch (RegistryException e) {
            target.doom(e);
            throw e;
        }
    }

    private void applyAlone(List<RegParser.Section> sections) throws RegistryException {
        try (var transaction = registry.ktm()
                .manager()
                .createTransaction(TransactionOptions.DEFAULT.withDescription("an import into the registry"))) {
            // Closing the handle without a commit rolls back.
            try (var key = target.in(transaction.transaction())) {
                applyTo(key, sections);
            }
            transaction.commit();
        } catch (KtmException e) {
            throw Registry.failure("the import cannot be committed", e);
        }
    }

    private void applyTo(RegistryKey key, List<RegParser.Section> sections) throws RegistryException {
        for (var section : sections) {
            try {
                apply(key, section);
            } catch (RegistryException e) {
                throw new RegistryException(e.error(), "line " + section.line() + ": " + e.getMessage(), e);
            }
        }
    }

    private void apply(RegistryKey key, RegParser.Section section) throws RegistryException {
        var path = relative(section);
        if (section.isDeletion()) {
            try {
                key.deleteTree(path);
            } catch (RegistryException e) {
                // As in Windows, what is not there need not be deleted.
                if (e.error() != RegistryError.KEY_NOT_FOUND) {
                    throw e;
                }
            }
            return;
        }
        if (path.isEmpty()) {
            fill(key, section);
            return;
        }
        try (var made = key.createTransacted(path, KeyCreation.DEFAULT)) {
            fill(made, section);
        }
    }

    private static void fill(RegistryKey made, RegParser.Section section) throws RegistryException {
        for (var entry : section.entries()) {
            if (entry.value().isPresent()) {
                made.setValue(entry.value().get());
            } else {
                made.deleteValue(entry.name());
            }
        }
    }

    private String relative(RegParser.Section section) throws RegistryException {
        var path = section.path();
        if (prefix.isEmpty()) {
            return path;
        }
        boolean isBelow = path.length() >= prefix.length()
                && Names.compare(path.substring(0, prefix.length()), prefix) == 0
                && (path.length() == prefix.length() || path.charAt(prefix.length()) == '\\');
        if (!isBelow) {
            throw RegParser.failure(
                    section.line(), "a key below \"" + prefix + "\"", "\"" + Names.shortened(path) + "\"");
        }
        return path.length() == prefix.length() ? "" : path.substring(prefix.length() + 1);
    }
}
