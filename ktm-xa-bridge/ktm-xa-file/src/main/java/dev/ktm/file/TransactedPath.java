package dev.ktm.file;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A path of a {@link TransactedFileSystem}: names with slashes between them, from the root if it begins with one. Immutable. Names are
 * compared as they are; dots are resolved only by {@link #normalize} and by use.
 */
final class TransactedPath implements Path {

    private final TransactedFileSystem fileSystem;
    private final boolean absolute;
    private final List<String> parts;

    TransactedPath(TransactedFileSystem fileSystem, boolean absolute, List<String> parts) {
        this.fileSystem = fileSystem;
        this.absolute = absolute;
        this.parts = List.copyOf(parts);
    }

    static TransactedPath parse(TransactedFileSystem fileSystem, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new InvalidPathException(text, "expected no NUL in a path, found one", text.indexOf('\0'));
        }
        var parts = new ArrayList<String>();
        for (var part : text.split("/")) {
            if (!part.isEmpty()) {
                parts.add(part);
            }
        }
        return new TransactedPath(fileSystem, text.startsWith("/"), parts);
    }

    private TransactedPath of(boolean isAbsolute, List<String> names) {
        return new TransactedPath(fileSystem, isAbsolute, names);
    }

    /** The name below the root, if there are no links on the way; empty if there are dots in it. */
    String straightName() {
        return parts.contains(".") || parts.contains("..") ? "" : String.join("/", parts);
    }

    List<String> parts() {
        return parts;
    }

    /** Whether it is the empty path, which stands for the directory that others are relative to. */
    private boolean isBlank() {
        return !absolute && parts.isEmpty();
    }

    private TransactedPath own(Path other) {
        if (other instanceof TransactedPath path && path.fileSystem.provider() == fileSystem.provider()) {
            return path;
        }
        throw new ProviderMismatchException();
    }

    @Override
    public FileSystem getFileSystem() {
        return fileSystem;
    }

    TransactedFileSystem fileSystem() {
        return fileSystem;
    }

    @Override
    public boolean isAbsolute() {
        return absolute;
    }

    @Override
    public @Nullable Path getRoot() {
        return absolute ? of(true, List.of()) : null;
    }

    @Override
    public @Nullable Path getFileName() {
        return isBlank() ? this : parts.isEmpty() ? null : of(false, parts.subList(parts.size() - 1, parts.size()));
    }

    @Override
    public @Nullable Path getParent() {
        if (parts.isEmpty() || (!absolute && parts.size() == 1)) {
            return null;
        }
        return of(absolute, parts.subList(0, parts.size() - 1));
    }

    @Override
    public int getNameCount() {
        return isBlank() ? 1 : parts.size();
    }

    @Override
    public Path getName(int index) {
        return subpath(index, index + 1);
    }

    @Override
    public Path subpath(int begin, int end) {
        if (isBlank() && begin == 0 && end == 1) {
            return this;
        }
        if (begin < 0 || begin >= end || end > parts.size()) {
            throw new IllegalArgumentException(
                    "expected a range within " + parts.size() + " names, found " + begin + " to " + end);
        }
        return of(false, parts.subList(begin, end));
    }

    @Override
    public boolean startsWith(Path other) {
        return other instanceof TransactedPath path
                && path.fileSystem.provider() == fileSystem.provider()
                && path.absolute == absolute
                && path.isBlank() == isBlank()
                && path.parts.size() <= parts.size()
                && parts.subList(0, path.parts.size()).equals(path.parts);
    }

    @Override
    public boolean endsWith(Path other) {
        if (!(other instanceof TransactedPath path) || path.fileSystem.provider() != fileSystem.provider()) {
            return false;
        }
        if (path.absolute) {
            return equals(path);
        }
        int from = parts.size() - path.parts.size();
        return path.isBlank() == isBlank()
                && from >= 0
                && parts.subList(from, parts.size()).equals(path.parts);
    }

    @Override
    public Path normalize() {
        return of(absolute, normalized());
    }

    /** Without dots; leading pairs of dots are kept in a relative path, and go in an absolute one. */
    private List<String> normalized() {
        var result = new ArrayList<String>();
        for (var part : parts) {
            if (part.equals("..") && !result.isEmpty() && !Objects.equals(result.get(result.size() - 1), "..")) {
                result.remove(result.size() - 1);
            } else if (!part.equals(".") && !(part.equals("..") && absolute)) {
                result.add(part);
            }
        }
        return result;
    }

    @Override
    public Path resolve(Path other) {
        var path = own(other);
        if (path.absolute || isBlank()) {
            return path;
        }
        var all = new ArrayList<>(parts);
        all.addAll(path.parts);
        return of(absolute, all);
    }

    @Override
    public Path relativize(Path other) {
        var path = own(other);
        if (path.absolute != absolute) {
            throw new IllegalArgumentException(
                    "expected two absolute or two relative paths, found " + this + " and " + other);
        }
        int common = 0;
        while (common < parts.size()
                && common < path.parts.size()
                && parts.get(common).equals(path.parts.get(common))) {
            common++;
        }
        if (parts.subList(common, parts.size()).contains("..")) {
            throw new IllegalArgumentException("expected a path without \"..\" to start from, found " + this);
        }
        var result = new ArrayList<String>();
        for (int i = common; i < parts.size(); i++) {
            result.add("..");
        }
        result.addAll(path.parts.subList(common, path.parts.size()));
        return of(false, result);
    }

    @Override
    public URI toUri() {
        try {
            return new URI(
                    fileSystem.provider().getScheme(),
                    null,
                    "/" + String.join("/", ((TransactedPath) toAbsolutePath()).parts),
                    null);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Path toAbsolutePath() {
        return absolute ? this : of(true, parts);
    }

    @Override
    public Path toRealPath(LinkOption... options) throws IOException {
        return fileSystem.realPath(this, List.of(options).contains(LinkOption.NOFOLLOW_LINKS));
    }

    @Override
    public File toFile() {
        throw new UnsupportedOperationException("expected a path of the default file system, found " + this
                + " of a transacted one: use java.nio.file.Files");
    }

    @Override
    public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers)
            throws IOException {
        if (!(watcher instanceof TreeWatcher own)) {
            throw new ProviderMismatchException();
        }
        return own.register(this, events);
    }

    @Override
    public int compareTo(Path other) {
        return toString().compareTo(own(other).toString());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TransactedPath path
                && path.absolute == absolute
                && path.parts.equals(parts)
                && path.fileSystem.equals(fileSystem);
    }

    @Override
    public int hashCode() {
        return 31 * parts.hashCode() + Boolean.hashCode(absolute);
    }

    @Override
    public String toString() {
        return (absolute ? "/" : "") + String.join("/", parts);
    }
}
