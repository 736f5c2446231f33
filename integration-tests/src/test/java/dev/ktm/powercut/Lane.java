package dev.ktm.powercut;

import dev.ktm.registry.Registry;
import dev.ktm.registry.RegistryException;
import dev.ktm.registry.RegistryKey;
import dev.ktm.registry.RegistryValue;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The transactions of one thread, one after the other: the number of the last one says what there must be.
 *
 * @param number which lane
 */
record Lane(int number) {

    private static final String KEY = "Software\\Lanes\\";
    private static final String COUNT = "Count";
    private static final int SMALL_BYTES = 300;
    /** Travels in the log. */
    private static final int MEDIUM_BYTES = 40_000;
    /** Has a file of its own in the work area. */
    private static final int LARGE_BYTES = 100_000;

    private static final int KEPT = 3;
    private static final int IN_DIRECTORY = 12;

    private String key() {
        return KEY + number;
    }

    private String text(String name, int transaction, int bytes) {
        var line = "lane " + number + ", transaction " + transaction + ", " + name + "\n";
        return line.repeat(1 + bytes / line.length());
    }

    /** What there must be in its directory once so many transactions are committed: contents by path. */
    Map<String, String> files(int transactions) {
        var files = new TreeMap<String, String>();
        if (transactions == 0) {
            return files;
        }
        files.put("replaced", text("replaced", transactions, SMALL_BYTES * (1 + transactions % 5)));
        for (int kept = Math.max(1, transactions - KEPT + 1); kept <= transactions; kept++) {
            files.put("new" + kept, text("new", kept, SMALL_BYTES));
        }
        if (transactions >= 2) {
            int last = transactions / 2 * 2;
            files.put("medium", text("medium", last, MEDIUM_BYTES));
        }
        if (transactions >= 4) {
            int last = transactions / 4 * 4;
            files.put("large", text("large", last, LARGE_BYTES));
        }
        files.put("moved" + transactions / 7, text("moved", 1, SMALL_BYTES));
        if (transactions >= 5) {
            int last = transactions / 5 * 5;
            for (int i = 0; i < IN_DIRECTORY; i++) {
                files.put("directory" + last + "/file" + i, text("file" + i, last, SMALL_BYTES));
            }
        }
        return files;
    }

    /** What there must be in its key. */
    Map<String, String> values(int transactions) {
        var values = new TreeMap<String, String>();
        if (transactions > 0) {
            values.put(COUNT, String.valueOf(transactions));
        }
        for (int value = Math.max(1, transactions - KEPT + 1); value <= transactions; value++) {
            values.put("Value" + value % KEPT, text("value", value, SMALL_BYTES));
            values.put("Key" + value + "\\Text", text("text", value, 0));
        }
        return values;
    }

    /** Its directory and its key. */
    void prepare(FileSystem files, Registry registry) throws IOException, RegistryException {
        Files.createDirectories(files.getPath("/" + number));
        registry.root().createKey(key());
    }

    /** Does what this transaction does; the caller commits. */
    void work(int transaction, FileSystem files, RegistryKey root) throws IOException, RegistryException {
        var before = files(transaction - 1);
        var after = files(transaction);
        move(files, transaction);
        for (var path : before.keySet()) {
            if (!after.containsKey(path) && !path.startsWith("moved")) {
                Files.delete(path(files, path));
            }
        }
        if (transaction % 5 == 0) {
            if (transaction > 5) {
                Files.delete(path(files, "directory" + (transaction - 5)));
            }
            Files.createDirectory(path(files, "directory" + transaction));
        }
        for (var file : after.entrySet()) {
            if (!file.getValue().equals(before.get(file.getKey()))
                    && !(file.getKey().startsWith("moved") && transaction > 1)) {
                Files.writeString(path(files, file.getKey()), file.getValue());
            }
        }
        var key = root.openKey(key());
        key.setValue(RegistryValue.string(COUNT, String.valueOf(transaction)));
        key.setValue(RegistryValue.string("Value" + transaction % KEPT, text("value", transaction, SMALL_BYTES)));
        key.createKey("Key" + transaction).setValue(RegistryValue.string("Text", text("text", transaction, 0)));
        if (transaction > KEPT) {
            key.deleteKey("Key" + (transaction - KEPT));
        }
    }

    private void move(FileSystem files, int transaction) throws IOException {
        if (transaction % 7 == 0) {
            Files.move(path(files, "moved" + (transaction / 7 - 1)), path(files, "moved" + transaction / 7));
        }
    }

    private Path path(FileSystem files, String path) {
        return files.getPath("/" + number + "/" + path);
    }

    /** What there is, read past the manager. */
    Map<String, String> foundFiles(Path root) throws IOException {
        var found = new TreeMap<String, String>();
        var directory = root.resolve(String.valueOf(number));
        try (var all = Files.walk(directory)) {
            for (var path : (Iterable<Path>) all::iterator) {
                if (Files.isRegularFile(path)) {
                    found.put(directory.relativize(path).toString(), Files.readString(path));
                } else if (!path.equals(directory)) {
                    try (var within = Files.list(path)) {
                        if (within.findAny().isEmpty()) {
                            throw new NoSuchFileException(path.toString(), null, "expected files in this directory");
                        }
                    }
                }
            }
        }
        return found;
    }

    Map<String, String> foundValues(Registry registry) throws RegistryException {
        var found = new TreeMap<String, String>();
        var key = registry.root().openKey(key());
        for (var value : key.values()) {
            found.put(value.name(), value.asString().orElse(""));
        }
        for (var name : key.subkeys()) {
            for (var value : key.openKey(name).values()) {
                found.put(name + "\\" + value.name(), value.asString().orElse(""));
            }
        }
        return found;
    }

    /** How many transactions there are, as the registry says. */
    int count(Registry registry) throws RegistryException {
        return registry.root()
                .openKey(key())
                .find(COUNT)
                .flatMap(RegistryValue::asString)
                .map(Integer::valueOf)
                .orElse(0);
    }
}
