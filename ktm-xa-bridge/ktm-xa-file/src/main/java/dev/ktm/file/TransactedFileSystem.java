package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A root, as seen by a transaction, by whoever runs, or outside of all. */
final class TransactedFileSystem extends FileSystem {

    private static final int MOST_LINKS = 40;

    /** Whose view it is, at the moment of a call. */
    interface View {
        Operations operations() throws IOException;
    }

    private final TransactedProvider provider;
    private final ManagedRoot root;
    private final Object who;
    private final View view;

    /**
     * A view of a root.
     *
     * @param who stands for whose view it is: two of the same are equal
     */
    TransactedFileSystem(TransactedProvider provider, ManagedRoot root, Object who, View view) {
        this.provider = provider;
        this.root = root;
        this.who = who;
        this.view = view;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TransactedFileSystem that && that.root == root && that.who.equals(who);
    }

    @Override
    public int hashCode() {
        return who.hashCode();
    }

    @Override
    public String toString() {
        return "files of " + root.disk().path("") + " as " + who;
    }

    Operations operations() throws IOException {
        return view.operations();
    }

    ManagedRoot root() {
        return root;
    }

    @Override
    public TransactedProvider provider() {
        return provider;
    }

    /** Refused: the manager is closed, not a view of it. */
    @Override
    public void close() {
        throw new UnsupportedOperationException(
                "expected the file manager to be closed, found one of its file systems");
    }

    @Override
    public boolean isOpen() {
        return !root.isClosed();
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(new TransactedPath(this, true, List.of()));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of(new RootStore(root));
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return root.disk().attributeViews();
    }

    @Override
    public Path getPath(String first, String... more) {
        var all = new StringBuilder(first);
        for (var each : more) {
            if (!each.isEmpty()) {
                all.append(all.length() == 0 ? "" : "/").append(each);
            }
        }
        return TransactedPath.parse(this, all.toString());
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        int colon = syntaxAndPattern.indexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("expected syntax:pattern, found " + syntaxAndPattern);
        }
        var syntax = syntaxAndPattern.substring(0, colon);
        var text = syntaxAndPattern.substring(colon + 1);
        if (syntax.equalsIgnoreCase("glob")) {
            // What a glob means is the same everywhere that has slashes.
            var pattern = Pattern.compile(Globs.toRegex(text));
            return path -> pattern.matcher(path.toString()).matches();
        }
        if (syntax.equalsIgnoreCase("regex")) {
            var pattern = Pattern.compile(text);
            return path -> pattern.matcher(path.toString()).matches();
        }
        throw new UnsupportedOperationException("expected the syntax glob or regex, found " + syntax);
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        var path = root.disk().path("");
        if (path == null) {
            throw new UnsupportedOperationException("there are no principals here");
        }
        return path.getFileSystem().getUserPrincipalLookupService();
    }

    @Override
    public WatchService newWatchService() {
        return new TreeWatcher(root);
    }

    // Names.

    /**
     * The name that a path stands for, below the root, with every link on the way followed.
     *
     * @param last whether a link at its end is followed, too
     * @throws TxfException with {@link TxfError#DIRECTORY_NOT_RM} if it leads out of the root
     */
    String resolve(TransactedPath path, boolean last) throws IOException {
        return resolve(operations(), path, last);
    }

    String resolve(Operations operations, TransactedPath path, boolean last) throws IOException {
        var left = new ArrayDeque<String>(path.parts());
        var name = "";
        int links = 0;
        while (!left.isEmpty()) {
            var part = left.poll();
            if (part.equals(".")) {
                continue;
            }
            if (part.equals("..")) {
                if (name.isEmpty()) {
                    throw new TxfException(
                            TxfError.DIRECTORY_NOT_RM,
                            path.toString(),
                            "expected a path that stays below the root, found one that leads out of it");
                }
                name = Names.parent(name);
                continue;
            }
            var next = Names.child(name, spelled(operations, name, part));
            boolean follow = !left.isEmpty() || last;
            if (follow && isLink(operations, next, left.isEmpty())) {
                if (++links > MOST_LINKS) {
                    throw new FileSystemLoopException(path.toString());
                }
                name = follow(path, operations.readLink(next), name, left);
            } else {
                name = next;
            }
        }
        return name;
    }

    /** A name as it is spelled where it is there already, in a file system that takes several for the same. */
    private String spelled(Operations operations, String directory, String part) throws IOException {
        var names = root.names();
        if (names.areExact()
                || operations.kind(directory).filter(Kind.DIRECTORY::equals).isEmpty()) {
            return part;
        }
        var folded = names.fold(part);
        String found = part;
        for (var each : operations.list(directory)) {
            if (each.equals(part)) {
                return part;
            }
            if (names.fold(each).equals(folded)) {
                found = each;
            }
        }
        return found;
    }

    private static boolean isLink(Operations operations, String name, boolean isLast) throws IOException {
        var kind = operations.kind(name);
        if (kind.isEmpty() && !isLast) {
            throw new NoSuchFileException(name);
        }
        return kind.isPresent() && kind.get() == Kind.LINK;
    }

    /** Puts the parts of a link in front of what is left, and says where they start. */
    private String follow(TransactedPath path, String target, String directory, ArrayDeque<String> left)
            throws TxfException {
        var relative = target;
        var start = directory;
        if (target.startsWith("/")) {
            relative = belowRoot(path, target);
            start = "";
        }
        var parts = new ArrayList<String>(Names.parts(relative));
        for (int i = parts.size() - 1; i >= 0; i--) {
            if (!parts.get(i).isEmpty()) {
                left.addFirst(parts.get(i));
            }
        }
        return start;
    }

    private String belowRoot(TransactedPath path, String target) throws TxfException {
        var real = root.disk().path("");
        if (real != null) {
            var to = real.getFileSystem().getPath(target).normalize();
            if (to.startsWith(real)) {
                return real.relativize(to).toString();
            }
        }
        throw new TxfException(
                TxfError.DIRECTORY_NOT_RM,
                path.toString(),
                "expected links that stay below the root, found one to " + target);
    }

    Path realPath(TransactedPath path, boolean noFollow) throws IOException {
        var operations = operations();
        var name = resolve(operations, path, !noFollow);
        if (operations.kind(name).isEmpty()) {
            throw new NoSuchFileException(path.toString());
        }
        return new TransactedPath(this, true, Names.parts(name));
    }
}
