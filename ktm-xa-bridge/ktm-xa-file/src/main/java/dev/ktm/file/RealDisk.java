package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A directory of the operating system. */
final class RealDisk implements Disk {

    private final Path root;
    private final boolean unix;

    RealDisk(Path root) {
        this.root = root;
        this.unix = root.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    @Override
    public Path path(String name) {
        return name.isEmpty() ? root : root.resolve(name);
    }

    /** A name whose directory is where it seems to be: below the root, with no link on the way. */
    private Path guarded(String name) throws IOException {
        var path = path(name);
        int slash = name.lastIndexOf('/');
        if (slash > 0) {
            requireNoLinks(name.substring(0, slash));
        }
        return path;
    }

    private void requireNoLinks(String directory) throws IOException {
        int end = directory.indexOf('/');
        while (true) {
            var part = end < 0 ? directory : directory.substring(0, end);
            var found = Files.readAttributes(path(part), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!found.isDirectory()) {
                throw new NotDirectoryException(path(part).toString());
            }
            if (end < 0) {
                return;
            }
            end = directory.indexOf('/', end + 1);
        }
    }

    @Override
    public Optional<Stat> stat(String name) throws IOException {
        Path path;
        try {
            path = guarded(name);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
        try {
            if (unix) {
                var found = Files.readAttributes(
                        path,
                        "unix:isRegularFile,isDirectory,isSymbolicLink,size,lastModifiedTime,ino,nlink",
                        LinkOption.NOFOLLOW_LINKS);
                return Optional.of(new Stat(
                        kind(is(found, "isRegularFile"), is(found, "isDirectory"), is(found, "isSymbolicLink")),
                        String.valueOf(found.get("ino")),
                        Attributes.value(found, "size", Long.class),
                        Attributes.value(found, "lastModifiedTime", FileTime.class)
                                .to(TimeUnit.NANOSECONDS),
                        Attributes.value(found, "nlink", Integer.class)));
            }
            var found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(new Stat(
                    kind(found.isRegularFile(), found.isDirectory(), found.isSymbolicLink()),
                    // Without a key, when it was made has to do.
                    Objects.requireNonNullElse(found.fileKey(), found.creationTime())
                            .toString(),
                    found.size(),
                    found.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                    1));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static boolean is(Map<String, Object> attributes, String name) {
        return Attributes.value(attributes, name, Boolean.class);
    }

    private static Kind kind(boolean file, boolean directory, boolean link) {
        return file ? Kind.FILE : directory ? Kind.DIRECTORY : link ? Kind.LINK : Kind.OTHER;
    }

    @Override
    public List<String> list(String directory) throws IOException {
        if (!directory.isEmpty()) {
            requireNoLinks(directory);
        }
        var names = new ArrayList<String>();
        try (var stream = Files.newDirectoryStream(path(directory))) {
            for (var each : stream) {
                names.add(Objects.requireNonNull(each.getFileName()).toString());
            }
        } catch (java.nio.file.DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    @Override
    public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
        var all = new HashSet<OpenOption>(options);
        all.add(LinkOption.NOFOLLOW_LINKS);
        return new RealFile(FileChannel.open(guarded(name), all));
    }

    @Override
    public void createDirectory(String name) throws IOException {
        Files.createDirectory(guarded(name));
    }

    @Override
    public void createLink(String name, String target) throws IOException {
        Files.createSymbolicLink(guarded(name), root.getFileSystem().getPath(target));
    }

    @Override
    public String readLink(String name) throws IOException {
        return Files.readSymbolicLink(guarded(name)).toString();
    }

    @Override
    public void addName(String existing, String added) throws IOException {
        Files.createLink(guarded(added), guarded(existing));
    }

    @Override
    public void delete(String name) throws IOException {
        Files.delete(guarded(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        try {
            Files.move(guarded(from), guarded(to), StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new TxfException(
                    TxfError.TRANSACTIONS_UNSUPPORTED_REMOTE,
                    path(to).toString(),
                    "expected everything below the root on one device with atomic renames, found another at " + from,
                    e);
        }
    }

    @Override
    public void forceDirectory(String name) throws IOException {
        if (!unix) {
            // Elsewhere a directory cannot be opened, and its names are durable without.
            return;
        }
        try (var channel = FileChannel.open(path(name), StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public Map<String, Object> readAttributes(String name, String attributes) throws IOException {
        return Files.readAttributes(guarded(name), attributes, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public void setAttribute(String name, String attribute, Object value) throws IOException {
        var path = guarded(name);
        Files.setAttribute(path, attribute, principal(path, attribute, value), LinkOption.NOFOLLOW_LINKS);
    }

    /** Owners and groups are logged by their names. */
    private static Object principal(Path path, String attribute, Object value) throws IOException {
        if (!(value instanceof String text)) {
            return value;
        }
        var lookup = path.getFileSystem().getUserPrincipalLookupService();
        return attribute.endsWith(":group")
                ? lookup.lookupPrincipalByGroupName(text)
                : lookup.lookupPrincipalByName(text);
    }

    @Override
    public boolean isWritable(String directory) {
        return Files.isWritable(path(directory));
    }

    @Override
    public boolean isOnDevice(String directory) throws IOException {
        return !unix
                || Files.getAttribute(path(directory), "unix:dev", LinkOption.NOFOLLOW_LINKS)
                        .equals(Files.getAttribute(root, "unix:dev"));
    }

    @Override
    public void requirePossible(String name) throws IOException {
        // The system says so before it looks for the directories that are not there yet.
        requirePossible(path(name));
        requirePossible(path(Names.child(WorkArea.WORK, Names.last(name))));
    }

    private static void requirePossible(Path path) throws IOException {
        try {
            var unused = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            // It could be.
        }
    }

    @Override
    public Set<String> attributeViews() {
        return root.getFileSystem().supportedFileAttributeViews();
    }

    /** An open file of the operating system. */
    private static final class RealFile implements DiskFile {
        private final FileChannel channel;

        RealFile(FileChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return channel.read(target, position);
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            long at = position;
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void resize(long size) throws IOException {
            if (size < channel.size()) {
                channel.truncate(size);
            } else if (size > channel.size()) {
                channel.write(ByteBuffer.wrap(new byte[1]), size - 1);
            }
        }

        @Override
        public void force() throws IOException {
            try {
                channel.force(true);
            } catch (ClosedByInterruptException e) {
                throw new IOException("the thread was interrupted while it forced a file", e);
            }
        }

        @Override
        public FileChannel channel() {
            return channel;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
