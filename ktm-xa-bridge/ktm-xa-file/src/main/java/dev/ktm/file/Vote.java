package dev.ktm.file;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The vote of one transaction: makes the files that its commit moves into place, and finds now whatever could keep the commit from
 * happening. Used under the lock of the transaction and that over the tree.
 */
final class Vote {

    private final ManagedRoot root;
    private final Disk disk;
    private final Overlay overlay;
    private final Rehearsal rehearsal;
    /** Which directories have been looked at. */
    private final Set<String> changeable = new HashSet<>();

    private final Set<String> reachable = new HashSet<>();

    Vote(ManagedRoot root, Overlay overlay) {
        this.root = root;
        this.disk = root.disk();
        this.overlay = overlay;
        this.rehearsal = new Rehearsal(disk, root.area());
    }

    /** The steps of its commit; an exception is a no. */
    List<Step> prepare(UUID unitOfWork) throws IOException {
        root.requireInPlace();
        var stager = new Stager(disk, requireUntouched(), root.mostInlineBytes());
        var steps = overlay.steps(stager::stage);
        if (root.options().deletesNeedClosedHandles()) {
            steps.removeIf(step -> step instanceof Step.Delete && root.locks().hasOpen(unitOfWork, step.name()));
        }
        stager.finish();
        requireRoom(steps);
        requireRights(steps);
        return steps;
    }

    /** What is to be set can be set, and what goes may be taken away. */
    private void requireRights(List<Step> steps) throws IOException {
        var committed = new HashMap<String, String>();
        overlay.origins().forEach((name, stat) -> committed.put(stat.key(), name));
        rehearsal.run(steps, committed);
        var removed = new LinkedHashSet<String>();
        for (var step : steps) {
            if (step instanceof Step.Delete delete) {
                removed.add(delete.name());
            } else if (step instanceof Step.Move move) {
                removed.add(move.from());
                requireMovable(move.from());
            }
            replaced(step).map(Seen::key).map(committed::get).ifPresent(removed::add);
        }
        for (var each : removed) {
            // What something is mounted on cannot be taken away, be it a file.
            requireOnDevice(each);
        }
        rehearsal.requireRemovable(removed);
    }

    /** What has the name now that a step gives to something else. */
    private static Optional<Seen> replaced(Step step) {
        if (step instanceof Step.Put put) {
            return put.before();
        } else if (step instanceof Step.MakeLink link) {
            return link.before();
        } else if (step instanceof Step.Move move) {
            return move.before();
        }
        return step instanceof Step.AddName added ? added.before() : Optional.empty();
    }

    /** A directory that gets another above it is changed itself. */
    private void requireMovable(String name) throws IOException {
        if (disk.kind(name).filter(Disk.Kind.DIRECTORY::equals).isEmpty()) {
            return;
        }
        if (!disk.isWritable(name)) {
            throw new AccessDeniedException(
                    name, null, "expected a directory that may be moved, found that it may not be written to");
        }
    }

    /** Nobody has changed behind our back what the transaction has seen and changed; what that is now. */
    private Map<String, Disk.Stat> requireUntouched() throws IOException {
        var present = new HashMap<String, Disk.Stat>();
        for (var each : overlay.origins().entrySet()) {
            if (each.getKey().isEmpty()) {
                // The root is known to be in its place.
                continue;
            }
            var now = disk.stat(each.getKey());
            if (now.isEmpty() || !now.get().looksLike(each.getValue())) {
                throw new TxfException(
                        TxfError.CHANGED_OUTSIDE,
                        each.getKey(),
                        "expected it as the transaction has found it, found it " + (now.isEmpty() ? "gone" : "changed")
                                + " by somebody who goes past the file manager");
            }
            present.put(each.getKey(), now.get());
        }
        return present;
    }

    /** A directory of the transaction, which may have been moved, or made, by it. */
    private void requireNewNamesIn(String directory) throws IOException {
        var found = overlay.find(directory);
        var committed = found.isEmpty() ? null : found.get().committed();
        if (committed != null) {
            requireChangeable(committed);
        }
    }

    private void requireChangeable(String directory) throws IOException {
        boolean isRoot = directory.isEmpty();
        if (!changeable.add(directory) || (!isRoot && disk.kind(directory).isEmpty())) {
            return;
        }
        if (!disk.isWritable(directory)) {
            throw new AccessDeniedException(
                    directory, null, "expected a directory that may be changed at commit, found that it may not");
        }
        requireReachable(directory);
        requireOnDevice(directory);
    }

    private void requireOnDevice(String directory) throws IOException {
        if (!disk.isOnDevice(directory)) {
            throw new TxfException(
                    TxfError.CANT_CROSS_RM_BOUNDARY,
                    directory,
                    "expected everything below the root on one device, found another mounted here: open it as a root of its own");
        }
    }

    /** Every directory on the way can be opened. */
    private void requireReachable(String directory) throws IOException {
        if (!reachable.add(directory)) {
            return;
        }
        if (!directory.isEmpty()) {
            requireReachable(Names.parent(directory));
        }
        if (disk.kind(directory).filter(Disk.Kind.DIRECTORY::equals).isPresent() && !disk.isReadable(directory)) {
            throw new AccessDeniedException(
                    directory, null, "expected a directory that may be read, found that it may not");
        }
    }

    /** Nobody has taken a name behind our back, and every directory lets us work in it. */
    private void requireRoom(List<Step> steps) throws IOException {
        var origins = overlay.origins();
        var gone = new ArrayList<String>();
        for (var step : steps) {
            if (step instanceof Step.Delete) {
                gone.add(step.name());
            } else if (step instanceof Step.Move move) {
                gone.add(move.from());
            }
        }
        for (var step : steps) {
            if (step instanceof Step.Delete) {
                requireChangeable(Names.parent(step.name()));
            } else if (!(step instanceof Step.SetAttributes)) {
                requireNewNamesIn(Names.parent(step.name()));
            }
            if (step instanceof Step.Move move) {
                requireChangeable(Names.parent(move.from()));
            }
            boolean isNew = !origins.containsKey(step.name())
                    && !(step instanceof Step.SetAttributes)
                    && gone.stream().noneMatch(each -> Names.isWithin(step.name(), each));
            if (isNew && disk.kind(step.name()).isPresent()) {
                throw new TxfException(
                        TxfError.CHANGED_OUTSIDE,
                        step.name(),
                        "expected the name to be free, found that somebody who goes past the file manager has taken it");
            }
        }
    }
}
