package dev.ktm.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Views of attributes over those that are read and set by name. */
final class AttributeViews {

    private AttributeViews() {}

    /** Whose attributes they are. */
    record Target(TransactedProvider provider, Path path, List<LinkOption> options) {

        private LinkOption[] all() {
            return options.toArray(LinkOption[]::new);
        }

        Map<String, Object> read(String attributes) throws IOException {
            return provider.readAttributes(path, attributes, all());
        }

        void set(String attribute, Object value) throws IOException {
            provider.setAttribute(path, attribute, value, all());
        }

        void setTimes(@Nullable FileTime modified, @Nullable FileTime accessed, @Nullable FileTime created)
                throws IOException {
            if (modified != null) {
                set("lastModifiedTime", modified);
            }
            if (accessed != null) {
                set("lastAccessTime", accessed);
            }
            if (created != null) {
                set("creationTime", created);
            }
        }
    }

    static <V extends FileAttributeView> @Nullable V of(Target target, Class<V> type, Set<String> supported) {
        if (type == BasicFileAttributeView.class) {
            return type.cast(new BasicView(target));
        }
        if (type == PosixFileAttributeView.class && supported.contains("posix")) {
            return type.cast(new PosixView(target));
        }
        if (type == FileOwnerAttributeView.class && supported.contains("owner")) {
            return type.cast(new PosixView(target));
        }
        if (type == UserDefinedFileAttributeView.class && supported.contains("user")) {
            return type.cast(new UserView(target));
        }
        return null;
    }

    private record BasicView(Target target) implements BasicFileAttributeView {
        @Override
        public String name() {
            return "basic";
        }

        @Override
        public BasicFileAttributes readAttributes() throws IOException {
            return new Basic(target.read("basic:*"));
        }

        @Override
        public void setTimes(@Nullable FileTime modified, @Nullable FileTime accessed, @Nullable FileTime created)
                throws IOException {
            target.setTimes(modified, accessed, created);
        }
    }

    private record PosixView(Target target) implements PosixFileAttributeView {
        @Override
        public String name() {
            return "posix";
        }

        @Override
        public PosixFileAttributes readAttributes() throws IOException {
            return new Posix(target.read("posix:*"));
        }

        @Override
        public void setTimes(@Nullable FileTime modified, @Nullable FileTime accessed, @Nullable FileTime created)
                throws IOException {
            target.setTimes(modified, accessed, created);
        }

        @Override
        public void setPermissions(Set<PosixFilePermission> permissions) throws IOException {
            target.set("posix:permissions", permissions);
        }

        @Override
        public void setGroup(GroupPrincipal group) throws IOException {
            target.set("posix:group", group);
        }

        @Override
        public UserPrincipal getOwner() throws IOException {
            return readAttributes().owner();
        }

        @Override
        public void setOwner(UserPrincipal owner) throws IOException {
            target.set("posix:owner", owner);
        }
    }

    private static final class UserView implements UserDefinedFileAttributeView {
        private final Target target;

        UserView(Target target) {
            this.target = target;
        }

        @Override
        public String name() {
            return "user";
        }

        @Override
        public List<String> list() throws IOException {
            return List.copyOf(target.read("user:*").keySet());
        }

        private byte[] value(String name) throws IOException {
            return (byte[]) Objects.requireNonNull(target.read("user:" + name).get(name));
        }

        @Override
        public int size(String name) throws IOException {
            return value(name).length;
        }

        @Override
        public int read(String name, ByteBuffer into) throws IOException {
            var value = value(name);
            into.put(value);
            return value.length;
        }

        @Override
        public int write(String name, ByteBuffer from) throws IOException {
            var value = new byte[from.remaining()];
            from.get(value);
            target.set("user:" + name, value);
            return value.length;
        }

        @Override
        public void delete(String name) throws IOException {
            if (!list().contains(name)) {
                throw new FileSystemException(
                        target.path().toString(), null, "expected the user attribute " + name + ", found " + list());
            }
            target.set("user:" + name, Attributes.Removed.REMOVED);
        }
    }

    /** Attributes that every file has. */
    static class Basic implements BasicFileAttributes {
        final Map<String, Object> values;

        Basic(Map<String, Object> values) {
            this.values = values;
        }

        private Object get(String name) {
            return Objects.requireNonNull(values.get(name));
        }

        @Override
        public FileTime lastModifiedTime() {
            return (FileTime) get("lastModifiedTime");
        }

        @Override
        public FileTime lastAccessTime() {
            return (FileTime) get("lastAccessTime");
        }

        @Override
        public FileTime creationTime() {
            return (FileTime) get("creationTime");
        }

        @Override
        public boolean isRegularFile() {
            return (boolean) get("isRegularFile");
        }

        @Override
        public boolean isDirectory() {
            return (boolean) get("isDirectory");
        }

        @Override
        public boolean isSymbolicLink() {
            return (boolean) get("isSymbolicLink");
        }

        @Override
        public boolean isOther() {
            return (boolean) get("isOther");
        }

        @Override
        public long size() {
            return (long) get("size");
        }

        @Override
        public @Nullable Object fileKey() {
            return values.get("fileKey");
        }
    }

    /** Attributes of files on POSIX systems. */
    static final class Posix extends Basic implements PosixFileAttributes {

        Posix(Map<String, Object> values) {
            super(values);
        }

        @Override
        public UserPrincipal owner() {
            return (UserPrincipal) Objects.requireNonNull(values.get("owner"));
        }

        @Override
        public GroupPrincipal group() {
            return (GroupPrincipal) Objects.requireNonNull(values.get("group"));
        }

        @Override
        @SuppressWarnings("unchecked")
        public Set<PosixFilePermission> permissions() {
            return (Set<PosixFilePermission>) Objects.requireNonNull(values.get("permissions"));
        }
    }
}
