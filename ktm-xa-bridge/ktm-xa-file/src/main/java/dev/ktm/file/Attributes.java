package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Attributes of files as {@link java.nio.file.Files#readAttributes} knows them, with what a transaction has set laid over. */
final class Attributes {

    private static final String BASIC = "basic";
    /** When a file was changed. */
    static final String TIME_OF_CHANGE = "basic:lastModifiedTime";

    private static final String USER = "user";

    private static final List<String> BASIC_NAMES = List.of(
            "lastModifiedTime",
            "lastAccessTime",
            "creationTime",
            "size",
            "isRegularFile",
            "isDirectory",
            "isSymbolicLink",
            "isOther",
            "fileKey");

    private Attributes() {}

    /** The value of a user attribute that is not to be there. */
    enum Removed {
        /** The only one. */
        REMOVED
    }

    /** What a transaction knows better than the disk. */
    record Facts(@Nullable Long size, @Nullable FileTime modified) {
        static final Facts NONE = new Facts(null, null);
    }

    /** Says what is known of a node. */
    interface FactsOf {
        Facts of(Node node) throws IOException;
    }

    /** The name of an attribute with its view. */
    static String qualified(String attribute) {
        return attribute.indexOf(':') < 0 ? BASIC + ":" + attribute : attribute;
    }

    /** Whether it says when a file was changed, in whichever view. */
    static boolean isTimeOfChange(String attribute) {
        return attribute.endsWith(":lastModifiedTime");
    }

    /** When these say that a file was changed. */
    static Optional<Long> changedNanos(Map<String, Object> attributes) {
        return attributes.entrySet().stream()
                .filter(each -> isTimeOfChange(each.getKey()) && each.getValue() instanceof FileTime)
                .map(each -> ((FileTime) each.getValue()).to(TimeUnit.NANOSECONDS))
                .findFirst();
    }

    private static String view(String attributes) {
        return attributes.indexOf(':') < 0 ? BASIC : attributes.substring(0, attributes.indexOf(':'));
    }

    static Map<String, Object> read(Disk disk, Overlay.Found found, String attributes, FactsOf facts)
            throws IOException {
        var view = view(attributes);
        var wanted = attributes.substring(attributes.indexOf(':') + 1);
        var committed = found.committed();
        var node = found.node();
        if (!disk.attributeViews().contains(view)) {
            throw new UnsupportedOperationException("expected a view of " + disk.attributeViews() + ", found " + view);
        }
        var all = new LinkedHashMap<String, Object>();
        if (committed != null) {
            all.putAll(disk.readAttributes(committed, view + ":*"));
        } else if (node != null) {
            all.putAll(ofNew(disk, node, view, facts.of(node)));
        }
        if (node != null) {
            var known = facts.of(node);
            if (known.size() != null && all.containsKey("size")) {
                all.put("size", known.size());
            }
            if (known.modified() != null && all.containsKey("lastModifiedTime")) {
                all.put("lastModifiedTime", known.modified());
            }
            node.attributes.forEach((name, value) -> {
                var bare = name.substring(name.indexOf(':') + 1);
                if (value == Removed.REMOVED) {
                    if (view.equals(USER)) {
                        all.remove(bare);
                    }
                } else if (view(name).equals(view) || all.containsKey(bare)) {
                    all.put(bare, value);
                }
            });
        }
        if (wanted.equals("*")) {
            return all;
        }
        var chosen = new HashMap<String, Object>();
        for (var each : wanted.split(",")) {
            if (each.equals("*")) {
                return all;
            }
            if (!all.containsKey(each)) {
                throw new IllegalArgumentException("expected attributes of " + all.keySet() + ", found " + each);
            }
            chosen.put(each, all.get(each));
        }
        return chosen;
    }

    /** Of something that the transaction has made: as the directory that the root is, where nothing else is known. */
    private static Map<String, Object> ofNew(Disk disk, Node node, String view, Facts facts) throws IOException {
        var like = new LinkedHashMap<>(disk.readAttributes("", view + ":*"));
        var now = Optional.ofNullable(facts.modified())
                .orElse((FileTime) like.getOrDefault("lastModifiedTime", FileTime.fromMillis(0)));
        var all = new LinkedHashMap<String, Object>();
        for (var each : like.entrySet()) {
            var name = each.getKey();
            var value = each.getValue();
            switch (name) {
                case "lastModifiedTime", "lastAccessTime", "creationTime" -> value = now;
                case "size" -> value = Optional.ofNullable(facts.size()).orElse(0L);
                case "isRegularFile" -> value = node.kind() == Kind.FILE;
                case "isDirectory" -> value = node.kind() == Kind.DIRECTORY;
                case "isSymbolicLink" -> value = node.kind() == Kind.LINK;
                case "isOther" -> value = false;
                case "permissions" ->
                    value = node.kind() == Kind.DIRECTORY
                            ? PosixFilePermissions.fromString("rwxr-xr-x")
                            : PosixFilePermissions.fromString("rw-r--r--");
                case "nlink" -> value = 1;
                default -> {}
            }
            if (BASIC_NAMES.contains(name) || !view.equals("user")) {
                all.put(name, value);
            }
        }
        all.computeIfPresent("fileKey", (name, value) -> node);
        return all;
    }

    /** An attribute that is always there. */
    static <T> T value(Map<String, Object> attributes, String name, Class<T> type) {
        var value = attributes.get(name);
        if (value == null) {
            throw new IllegalStateException("expected the attribute " + name + ", found " + attributes.keySet());
        }
        return type.cast(value);
    }

    /** Owner, group and permissions of a file, in the order in which they are to be set; empty where they are not numbers. */
    static Map<String, Object> owned(Disk.Stat stat) {
        var owned = new LinkedHashMap<String, Object>();
        stat.owned().ifPresent(found -> {
            owned.put("unix:uid", found.user());
            owned.put("unix:gid", found.group());
            // After the owner, whose change takes some of its bits away.
            owned.put("unix:mode", found.mode());
        });
        return owned;
    }

    /**
     * What the next version of a file takes over: permissions, user attributes and the like, and whom it belongs to.
     *
     * @param stat what the file is now
     */
    static Map<String, Object> toKeep(Disk disk, String name, Disk.Stat stat) throws IOException {
        var kept = owned(stat);
        var views = disk.attributeViews();
        if (!views.contains("unix") && views.contains("dos")) {
            disk.readAttributes(name, "dos:readonly,hidden,archive,system")
                    .forEach((attribute, value) -> kept.put("dos:" + attribute, value));
        }
        if (views.contains("user")) {
            disk.readAttributes(name, "user:*").forEach((attribute, value) -> kept.put("user:" + attribute, value));
        }
        return kept;
    }

    /**
     * Refuses at once what could never be set.
     *
     * @return the value as it is kept until the commit, whatever becomes of the one that was given
     * @throws UnsupportedOperationException if there is no such view
     * @throws IllegalArgumentException if the view has no such attribute, or it cannot be set
     */
    static Object requireSettable(Disk disk, String name, String attribute, Object value) throws TxfException {
        var view = view(qualified(attribute));
        if (!disk.attributeViews().contains(view)) {
            throw new UnsupportedOperationException(
                    "expected an attribute of one of the views " + disk.attributeViews() + ", found " + attribute);
        }
        var settable = settable(view, qualified(attribute).substring(view.length() + 1));
        if (view.equals(USER) && value == Removed.REMOVED) {
            return value;
        }
        var kept = value instanceof ByteBuffer bytes ? copy(bytes) : value;
        if (!settable.isInstance(kept) || (kept instanceof Set<?> set && !isPermissions(set))) {
            throw new TxfException(
                    TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                    name,
                    "expected a " + settable.getSimpleName() + " as " + attribute + ", found "
                            + value.getClass().getName());
        }
        return kept instanceof byte[] bytes ? bytes.clone() : kept instanceof Set<?> set ? Set.copyOf(set) : kept;
    }

    /** Sets some later than what was set before: of two that are about the same, like rights, the later one holds. */
    static void setLater(Map<String, Object> all, Map<String, Object> later) {
        later.forEach((name, value) -> {
            all.remove(name);
            all.put(name, value);
        });
    }

    /** Has something that is made have attributes. */
    static void setAll(Disk disk, String name, Node node, FileAttribute<?>... attributes) throws TxfException {
        for (var each : attributes) {
            var value = requireSettable(disk, name, each.name(), each.value());
            setLater(node.attributes, Map.of(qualified(each.name()), value));
        }
    }

    /** What an attribute of a view that can be set is. */
    private static Class<?> settable(String view, String attribute) {
        boolean hasTimes = !view.equals("owner") && !view.equals("acl");
        boolean isUnix = view.equals("unix");
        boolean isPosix = isUnix || view.equals("posix");
        var type = switch (attribute) {
            case "lastModifiedTime", "lastAccessTime", "creationTime" -> hasTimes ? FileTime.class : null;
            case "owner" -> isPosix || !hasTimes ? UserPrincipal.class : null;
            case "group" -> isPosix ? GroupPrincipal.class : null;
            case "permissions" -> isPosix ? Set.class : null;
            case "mode", "uid", "gid" -> isUnix ? Integer.class : null;
            case "readonly", "hidden", "system", "archive" -> view.equals("dos") ? Boolean.class : null;
            default -> null;
        };
        if (view.equals(USER) && !attribute.isEmpty()) {
            return byte[].class;
        }
        if (type == null) {
            throw new IllegalArgumentException(
                    "expected an attribute that can be set, found " + attribute + " of the view " + view);
        }
        return type;
    }

    private static byte[] copy(ByteBuffer bytes) {
        var copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    private static boolean isPermissions(Set<?> set) {
        return EnumSet.allOf(PosixFilePermission.class).containsAll(set);
    }
}
