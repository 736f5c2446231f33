package dev.ktm.deployment;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.registry.Registry;
import dev.ktm.registry.RegistryException;
import dev.ktm.registry.RegistryValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a release leaves on the machine itself: a configuration file for each release, one binary for each component, and the same in
 * the registry.
 */
final class Installed implements AutoCloseable {

    private static final String CONFIGURATIONS = "conf";
    private static final String BINARIES = "bin";
    private static final String RELEASES = "Software\\Releases";
    private static final String COMPONENTS = "Software\\Components";
    private static final String CURRENT = "Current";
    private static final int BINARY_BYTES = 100_000;

    private final TransactedFiles files;
    private final Registry registry;

    private Installed(TransactedFiles files, Registry registry) {
        this.files = files;
        this.registry = registry;
    }

    static Installed open(Ktm ktm, Path directory) throws Exception {
        Files.createDirectories(directory);
        var files = TransactedFiles.open(ktm, "installed", directory);
        try {
            Files.createDirectories(files.plainFileSystem().getPath("/" + CONFIGURATIONS));
            Files.createDirectories(files.plainFileSystem().getPath("/" + BINARIES));
            return new Installed(files, Registry.open(ktm, "settings"));
        } catch (Exception | Error e) {
            files.close();
            throw e;
        }
    }

    /** In the thread's transaction: a new configuration, a new binary in place of the old one, and the registry says so. */
    void install(Release release) throws IOException, RegistryException {
        var system = files.fileSystem();
        Files.writeString(system.getPath("/" + CONFIGURATIONS, release.number() + ".conf"), release.toString());
        var components = registry.transactedRoot().createKey(COMPONENTS + "\\" + release.component());
        var before = components.find(CURRENT).flatMap(RegistryValue::asString);
        if (before.isPresent()) {
            Files.delete(system.getPath("/" + BINARIES, before.get()));
        }
        var binary = release.component() + "-" + release.version();
        Files.writeString(system.getPath("/" + BINARIES, binary), contentOf(release));
        components.setValue(RegistryValue.string(CURRENT, binary));
        registry.transactedRoot()
                .createKey(RELEASES)
                .setValue(RegistryValue.string(String.valueOf(release.number()), release.toString()));
    }

    private static String contentOf(Release release) {
        var text = release.toString() + "\n";
        return text.repeat(BINARY_BYTES / text.length());
    }

    /**
     * What was found.
     *
     * @param files configurations, by release
     * @param registry what the registry says, by release
     * @param binaries which binary each component has
     * @param current which one the registry names
     */
    record Found(
            Map<Integer, String> files,
            Map<Integer, String> registry,
            Map<String, String> binaries,
            Map<String, String> current) {}

    /** Reads everything, once nobody works with it any more, the files past their manager. */
    static Found read(Place place) throws Exception {
        try (var ktm = Ktm.open(KtmOptions.builder().logDirectory(place.log()).build());
                var registry = Registry.open(ktm, "settings")) {
            return found(place.files(), registry);
        }
    }

    /** Reads what is committed, through the managers. */
    Found found() throws Exception {
        return found(files.plainFileSystem().getPath("/"), registry);
    }

    private static Found found(Path root, Registry registry) throws Exception {
        var configurations = new TreeMap<Integer, String>();
        var binaries = new TreeMap<String, String>();
        try (var all = Files.newDirectoryStream(root.resolve(CONFIGURATIONS))) {
            for (var path : all) {
                var name = String.valueOf(path.getFileName());
                configurations.put(Integer.parseInt(name.substring(0, name.indexOf('.'))), Files.readString(path));
            }
        }
        try (var all = Files.newDirectoryStream(root.resolve(BINARIES))) {
            for (var path : all) {
                var name = String.valueOf(path.getFileName());
                binaries.merge(name.substring(0, name.indexOf('-')), name, (one, two) -> one + " and " + two);
                requireWhole(path, name);
            }
        }
        var releases = new TreeMap<Integer, String>();
        var current = new TreeMap<String, String>();
        for (var value : registry.root().createKey(RELEASES).values()) {
            releases.put(Integer.parseInt(value.name()), value.asString().orElse(""));
        }
        var components = registry.root().createKey(COMPONENTS);
        for (var name : components.subkeys()) {
            components
                    .openKey(name)
                    .find(CURRENT)
                    .flatMap(RegistryValue::asString)
                    .ifPresent(binary -> current.put(name, binary));
        }
        return new Found(configurations, releases, binaries, current);
    }

    private static void requireWhole(Path path, String name) throws IOException {
        var text = Files.readString(path);
        var line = text.substring(0, Math.max(0, text.indexOf('\n')));
        if (!name.equals(line.replace(' ', '-'))
                || !text.equals((line + "\n").repeat(BINARY_BYTES / (line.length() + 1)))) {
            throw new NoSuchFileException(
                    path.toString(), null, "expected a whole binary, found a part or another one");
        }
    }

    @Override
    public void close() throws Exception {
        registry.close();
        files.close();
    }
}
