package dev.ktm.simulation;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * The coordinator with a bug in it: its source with one passage replaced, compiled, and loaded beside the healthy one.
 *
 * @param what what is wrong
 * @param type the class with the bug, below {@code dev.ktm}
 * @param healthy the passage; stands there exactly once, however it is broken into lines
 * @param ill what stands there instead
 */
record Mutant(String what, String type, String healthy, String ill) {

    private static final Path SOURCES = Path.of("src", "main", "java", "dev", "ktm");

    /** The loader in which it lives; everything of ours is loaded anew. */
    URLClassLoader load(Path directory) throws IOException {
        var name = "dev.ktm." + type;
        var file = SOURCES.resolve(type.replace('.', '/') + ".java");
        var source = Files.readString(file).replaceAll("\\s+", " ");
        var passage = healthy.replaceAll("\\s+", " ");
        int at = source.indexOf(passage);
        if (at < 0 || source.indexOf(passage, at + 1) >= 0) {
            throw new IllegalStateException("expected exactly one \"" + passage + "\" in " + file);
        }
        // Comments to the end of a line would swallow everything behind them.
        var ungarbled = Files.readString(file).replaceAll("(?m)^\\s*//.*$", "").replaceAll("\\s+", " ");
        compile(name, ungarbled.replace(passage, ill), directory);
        return new OwnFirst(List.of(directory.toUri().toURL(), place(Mutant.class), place(dev.ktm.Ktm.class)));
    }

    private static URL place(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation();
    }

    private void compile(String name, String source, Path directory) throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var unit =
                new SimpleJavaFileObject(
                        URI.create("string:///" + name.replace('.', '/') + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        var options = List.of(
                "-proc:none",
                "-nowarn",
                "--release",
                "17",
                "-classpath",
                Path.of(URI.create(place(dev.ktm.Ktm.class).toString()))
                        + java.io.File.pathSeparator
                        + System.getProperty("java.class.path"),
                "-d",
                directory.toString());
        var complaints = new ArrayList<String>();
        var task = compiler.getTask(null, null, each -> complaints.add(each.toString()), options, null, List.of(unit));
        if (!task.call()) {
            throw new IllegalStateException("the mutant does not compile: " + complaints);
        }
    }

    /** Loads what is ours itself, and leaves the rest to its parent. */
    private static final class OwnFirst extends URLClassLoader {
        OwnFirst(List<URL> places) {
            super(places.toArray(URL[]::new), Mutant.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                var loaded = findLoadedClass(name);
                if (loaded != null) {
                    return loaded;
                }
                boolean own = name.startsWith("dev.ktm.") && !name.startsWith("dev.ktm.log.");
                return own ? findClass(name) : super.loadClass(name, resolve);
            }
        }
    }

    @Override
    public String toString() {
        return what;
    }
}
