package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds at the vote which attributes could not be set at commit: they are set on something of the same kind in the work area, and
 * what is to get them is asked whether it is ours to change. Nothing that is committed looks different afterwards.
 */
final class Rehearsal {

    /** Whoever has no right to change an owner loses these bits when he sets one, even to what it is. */
    private static final int LOST_BITS = 0b110_000_000_000;

    private static final int STICKY = 0b001_000_000_000;
    private static final int SUPERUSER = 0;

    private final Disk disk;
    private final WorkArea area;

    /** What goes for one goes for all that are like it. */
    private final Set<List<Object>> tried = new HashSet<>();

    private Optional<Integer> user = Optional.empty();

    Rehearsal(Disk disk, WorkArea area) {
        this.disk = disk;
        this.area = area;
    }

    /**
     * Fails if one of the steps could not set its attributes, or give a file another name.
     *
     * @param committed the committed names of what the transaction relies on, by its keys
     */
    void run(List<Step> steps, Map<String, String> committed) throws IOException {
        for (var step : steps) {
            if (step instanceof Step.MakeDirectory made && !made.attributes().isEmpty()) {
                set(Kind.DIRECTORY, Map.of(), made.attributes());
            } else if (step instanceof Step.AddName added && !isWritten(added.existing(), steps)) {
                tryName(Optional.ofNullable(committed.get(added.was().key())).orElse(added.existing()));
            } else if (step instanceof Step.SetAttributes set) {
                var name = Optional.ofNullable(committed.get(set.was().key())).orElse(set.name());
                var stat = disk.stat(name).orElseThrow(() -> new NoSuchFileException(name));
                requireOurs(name, stat);
                set(stat.kind(), present(name, stat, set.attributes().keySet()), set.attributes());
            }
        }
    }

    private static boolean isWritten(String name, List<Step> steps) {
        return steps.stream()
                .anyMatch(step -> step instanceof Step.Put && step.name().equals(name));
    }

    /** Not everybody may give a file of somebody else a name, and no file has room for any number of them. */
    private void tryName(String existing) throws IOException {
        var work = area.newName();
        disk.addName(existing, work);
        area.discard(work);
    }

    /** What it has that matters for what is to be set: user attributes share the room that there is for them. */
    private Map<String, Object> present(String name, Disk.Stat stat, Set<String> toSet) throws IOException {
        if (stat.kind() == Kind.LINK) {
            // It has no rights of its own.
            return Map.of();
        }
        var present = toSet.stream().anyMatch(each -> each.startsWith("user:"))
                ? Attributes.toKeep(disk, name, stat)
                : Attributes.owned(stat);
        // It keeps its group, which need not be one that we may give to anything.
        present.remove("unix:uid");
        present.remove("unix:gid");
        return present;
    }

    private void requireOurs(String name, Disk.Stat stat) throws IOException {
        if (stat.owned().isPresent()) {
            var owned = stat.owned().get();
            if (stat.kind() == Kind.FILE && (owned.mode() & LOST_BITS) != 0) {
                // Even its own mode, set once more, takes bits away if its group is not ours.
                if (user().filter(us -> us == owned.user()).isEmpty()) {
                    disk.setAttribute(name, "unix:mode", owned.mode());
                }
            } else {
                disk.setAttribute(name, "unix:uid", owned.user());
            }
        }
    }

    private void set(Kind kind, Map<String, Object> present, Map<String, Object> attributes) throws IOException {
        if (!tried.add(List.of(kind, present, attributes))) {
            return;
        }
        var work = area.newName();
        switch (kind) {
            case DIRECTORY -> disk.createDirectory(work);
            case LINK -> disk.createLink(work, "nothing");
            case FILE, OTHER -> area.create(work).close();
        }
        try {
            AppliedAttributes.setAll(disk, work, present);
            // Once more, as after a crash, when they are set already.
            AppliedAttributes.setAll(disk, work, attributes);
            AppliedAttributes.setAll(disk, work, attributes);
        } finally {
            area.discard(work);
        }
    }

    /** The number of the user that we are; empty where users are not numbers. */
    private Optional<Integer> user() throws IOException {
        if (user.isEmpty()) {
            user = findUser();
        }
        return user;
    }

    private Optional<Integer> findUser() throws IOException {
        var work = area.newName();
        area.create(work).close();
        try {
            return disk.stat(work).flatMap(Disk.Stat::owned).map(Disk.Owned::user);
        } finally {
            area.discard(work);
        }
    }

    /** Fails if a name in a sticky directory is not ours to remove. */
    void requireRemovable(Set<String> names) throws IOException {
        var parents = new HashMap<String, Optional<Disk.Owned>>();
        for (var name : names) {
            var parent = parents.get(Names.parent(name));
            if (parent == null) {
                parent = disk.stat(Names.parent(name)).flatMap(Disk.Stat::owned);
                parents.put(Names.parent(name), parent);
            }
            if (parent.isEmpty() || (parent.get().mode() & STICKY) == 0) {
                continue;
            }
            var us = user();
            int owner = disk.stat(name)
                    .flatMap(Disk.Stat::owned)
                    .map(Disk.Owned::user)
                    .orElse(-1);
            if (us.isPresent()
                    && us.get() != SUPERUSER
                    && us.get() != parent.get().user()
                    && us.get() != owner) {
                throw new AccessDeniedException(
                        name,
                        null,
                        "expected a file of ours, or a directory that is not sticky, found that user " + us.get()
                                + " may not remove what is user " + owner + "'s");
            }
        }
    }
}
