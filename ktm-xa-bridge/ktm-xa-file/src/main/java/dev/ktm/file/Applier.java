package dev.ktm.file;

import dev.ktm.file.Disk.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Brings the steps of a committed transaction about. Every step looks at what is there, where that matters, so that a run that was
 * cut short can be run again from its beginning; what stands in the way, and is not what the transaction has seen there, is put aside
 * rather than overwritten. Not safe for many threads: one applier for the attempts at one commit, or for one restart.
 */
final class Applier {

    private static final Set<StandardOpenOption> READ = Set.of(StandardOpenOption.READ);
    private static final Set<StandardOpenOption> WRITE = Set.of(StandardOpenOption.WRITE);
    private static final int COPY_BYTES = 1 << 20;
    private static final String MODE = "unix:mode";
    private static final int OWNER_READS_AND_WRITES = 0b110_000_000;

    private final Disk disk;
    private final WorkArea area;

    /** When steps are taken; says by what things are known again. */
    enum When {
        /** In the life that has prepared them: everything has the key that it had. */
        NOW,
        /** For the first time, after a restart: what an earlier commit has made may have been made again, with another key. */
        AFTER_RESTART,
        /** Perhaps once more, after a restart: the steps may have been taken, in whole or in part, and later ones, too. */
        AGAIN
    }

    private final When when;

    /** What the log says that a name may stand for, beside what the step itself says. */
    private final Map<String, Collection<Seen>> known = new HashMap<>();

    /** What those want that are in doubt, by its name: it may have been done already. */
    private final Map<String, List<Step>> doubtful = new HashMap<>();

    /** The keys of what this has begun to overwrite where it is. */
    private final Set<String> overwritten = new HashSet<>();

    /** What was changed, by its name: to be forced before the log may forget it. */
    private final Set<String> files = new LinkedHashSet<>();

    private final Set<String> directories = new LinkedHashSet<>();
    /** Names under which open handles are to see something else. */
    private final Set<String> shown = new LinkedHashSet<>();

    private final List<String> setAside = new ArrayList<>();
    private final List<String> passedOver = new ArrayList<>();

    private final ClosedDirectories closed;
    private boolean looksForClosed;

    Applier(Disk disk, WorkArea area, When when) {
        this.disk = disk;
        this.area = area;
        this.when = when;
        this.closed = new ClosedDirectories(disk);
        this.looksForClosed = when != When.NOW;
    }

    /** An earlier attempt may have closed directories. */
    void lookForClosed() {
        looksForClosed = true;
    }

    /** Whether it may open directories. */
    boolean looksForClosed() {
        return looksForClosed;
    }

    /** Has directories that had to be opened be as they were. */
    void closeAgain() throws IOException {
        closed.closeAll();
    }

    /** Says what else a name may stand for without being somebody else's. */
    void expect(String name, Collection<Seen> versions) {
        known.put(name, versions);
    }

    /** Says what one wants that is in doubt: if it was decided before a crash, what is done again here must not undo it. */
    void doubt(List<Step> steps) {
        for (var step : steps) {
            doubtful.computeIfAbsent(step.name(), name -> new ArrayList<>()).add(step);
        }
    }

    /**
     * Whether one of these is in its place for certain. Nothing is before it is decided that all of them shall be.
     *
     * @param earlier what was committed before them
     */
    boolean hasBegun(List<Step> steps, Replay earlier) throws IOException {
        for (var step : steps) {
            if ((step instanceof Step.Put put && isInPlace(put, earlier))
                    || (step instanceof Step.Move move && isUnderWay(move))) {
                return true;
            }
        }
        return false;
    }

    /** Whether what is there has taken the place of what was committed before: that was durable, and is to be found nowhere else. */
    private boolean hasReplaced(Disk.Stat there, Step.Put put, Replay earlier) throws IOException {
        return earlier.last(put.name()).orElse(null) instanceof Step.Put former
                && former.inline().isEmpty()
                && !former.made().isSameObject(there)
                && !exists(former.work());
    }

    /** Its key is known again: it was durable before the vote, and nobody makes it once more. */
    private boolean isUnderWay(Step.Move move) throws IOException {
        reach(move.from());
        reach(move.name());
        return exists(staging(move)) || (isAt(move.name(), move.was()) && !isAt(move.from(), move.was()));
    }

    private boolean isInPlace(Step.Put put, Replay earlier) throws IOException {
        reach(put.name());
        var found = disk.stat(put.name());
        if (found.isEmpty()) {
            return false;
        }
        var there = found.get();
        if (put.made().isUnchanged(there)
                || (put.made().isLeftOf(there, Optional.empty()) && hasReplaced(there, put, earlier))) {
            return true;
        }
        // A restart may have made it again, with another key; or what was there before, which may look the same.
        var former = new ArrayList<>(listOf(put.before()));
        former.addAll(earlier.versions(put.name()));
        return put.inline().isPresent()
                && put.inline().get().length == there.size()
                && put.made().isLeftOf(there, Optional.empty())
                && former.stream().noneMatch(each -> each.isLeftOf(there, Optional.empty()))
                && isContent(put, there, put.inline().get(), false);
    }

    Set<String> files() {
        return files;
    }

    Set<String> directories() {
        return directories;
    }

    /** Names under which, or below which, there is something else than before: new content, another file, a file that is shared now. */
    Set<String> shown() {
        return shown;
    }

    /** What was in the way, and where it is now. */
    List<String> setAside() {
        return setAside;
    }

    /** What could not be done, because what it was about is not there any more. */
    List<String> passedOver() {
        return passedOver;
    }

    /** Takes all steps. */
    void run(List<Step> steps) throws IOException {
        takeAll(steps);
        // As they were committed: two names may be of the same file.
        for (var step : steps) {
            if (step instanceof Step.SetAttributes set && !set.was().isDirectory()) {
                setAttributes(set);
            }
        }
        // Once everything is in them; the deepest first, so that none is closed before what is in it has its own.
        var last = new ArrayList<Step>(steps);
        last.sort(Comparator.comparingInt(step -> -Names.depth(step.name())));
        for (var step : last) {
            if (step instanceof Step.SetAttributes set && set.was().isDirectory()) {
                setAttributes(set);
            } else if (step instanceof Step.MakeDirectory made) {
                closed.close(made.name());
                setAll(made.name(), made.attributes());
            }
        }
    }

    private void takeAll(List<Step> steps) throws IOException {
        // The deepest first: what is in a directory goes, or is taken out of it, before the directory itself does.
        var first = new ArrayList<Step>(steps);
        first.removeIf(step -> !(step instanceof Step.Delete || step instanceof Step.Move));
        first.sort(Comparator.comparingInt(step -> -Names.depth(before(step))));
        for (var step : first) {
            if (step instanceof Step.Delete delete) {
                delete(delete, steps);
            } else if (step instanceof Step.Move move) {
                takeAway(move);
            }
        }
        // From the top downwards, so that every directory is there before what lies in it.
        var rest = new ArrayList<Step>(steps);
        rest.removeIf(step -> step instanceof Step.Delete || step instanceof Step.SetAttributes);
        rest.sort(Comparator.comparingInt(step -> Names.depth(step.name())));
        var added = new ArrayList<Step.AddName>();
        for (var step : rest) {
            if (step instanceof Step.AddName name) {
                added.add(name);
            } else {
                take(step);
            }
        }
        // Once the file that they are names of is in its place.
        for (var name : added) {
            addName(name, steps);
        }
    }

    private void take(Step step) throws IOException {
        if (isOvertaken(step)) {
            return;
        }
        if (step instanceof Step.Put put) {
            put(put);
        } else if (step instanceof Step.Overwrite overwrite) {
            overwrite(overwrite);
        } else if (step instanceof Step.MakeDirectory directory) {
            makeDirectory(directory);
        } else if (step instanceof Step.MakeLink link) {
            makeLink(link);
        } else if (step instanceof Step.Move move) {
            bring(move);
        }
    }

    /**
     * Before a name is changed. A later commit may have closed the directory, and what was committed before is done again: it is
     * opened for as long as that takes.
     */
    private void changing(String name) throws IOException {
        var directory = Names.parent(name);
        directories.add(directory);
        if (looksForClosed) {
            closed.enter(directory);
        }
    }

    /** Before something is looked at. */
    private void reach(String name) throws IOException {
        if (looksForClosed) {
            closed.reach(Names.parent(name));
        }
    }

    // What is there.

    /** Whether what is there is one of these, or what else is known of the name; then it may go. */
    private boolean isOurs(String name, Disk.Stat there, Collection<Seen> seen) throws IOException {
        var all = new ArrayList<>(seen);
        all.addAll(known.getOrDefault(name, List.of()));
        // What a power cut has left of it is no proof that it was in its place, and nobody else's either.
        for (var step : doubtful.getOrDefault(name, List.of())) {
            if (step instanceof Step.Put put) {
                all.add(put.made());
            }
        }
        if (there.kind() == Kind.FILE && there.names() > 1 && all.stream().anyMatch(each -> each.isSameObject(there))) {
            // It has another name: nothing is lost.
            return true;
        }
        if (when == When.NOW) {
            return all.stream().anyMatch(each -> each.isUnchanged(there));
        }
        var linked = there.kind() == Kind.LINK ? Optional.of(disk.readLink(name)) : Optional.<String>empty();
        return all.stream().anyMatch(each -> each.isLeftOf(there, linked));
    }

    private boolean isAt(String name, Seen wanted) throws IOException {
        return disk.stat(name).filter(wanted::isSameObject).isPresent();
    }

    /** Whether there is something under a name. */
    private boolean exists(String name) throws IOException {
        return disk.kind(name).isPresent();
    }

    /** Has a name free for something new, or standing for what that may replace. */
    private void makeRoom(String name, boolean forDirectory, Collection<Seen> seen) throws IOException {
        var there = disk.stat(name);
        if (there.isPresent()) {
            makeRoom(name, there.get(), forDirectory, seen);
        }
    }

    private void makeRoom(String name, Disk.Stat there, boolean forDirectory, Collection<Seen> seen)
            throws IOException {
        if (!isOurs(name, there, seen)) {
            putAside(name);
        } else if (forDirectory || there.isDirectory()) {
            try {
                disk.delete(name);
            } catch (DirectoryNotEmptyException e) {
                putAside(name);
            }
        }
    }

    /** Takes something out of the way that is not ours to delete. */
    void putAside(String name) throws IOException {
        var aside = asideOf(name);
        changing(name);
        disk.rename(name, aside);
        setAside.add(name + " -> " + aside);
    }

    private String asideOf(String name) {
        return Names.shortened(WorkArea.ASIDE + "/" + Names.last(area.newName()) + "-" + Names.last(name));
    }

    private void passOver(String name, String what) {
        passedOver.add(name + ": " + what);
    }

    // The steps.

    private void delete(Step.Delete delete, List<Step> all) throws IOException {
        var name = delete.name();
        changing(name);
        var found = disk.stat(name);
        if (found.isEmpty() || isMadeByAnother(found.get(), delete, all)) {
            return;
        }
        var there = found.get();
        if (!isOurs(name, there, List.of(delete.was()))) {
            if (when == When.AGAIN) {
                // What was deleted went before its commit was answered: this is younger.
                passOver(name, "was deleted, and is something else now, which stays");
            } else {
                putAside(name);
            }
            return;
        }
        try {
            disk.delete(name);
            closed.forget(name);
        } catch (DirectoryNotEmptyException e) {
            if (when == When.AGAIN && !delete.was().isSameObject(there)) {
                passOver(name, "was deleted, and is a directory with something in it now, which stays");
            } else {
                putAside(name);
            }
        } catch (NoSuchFileException e) {
            // Gone meanwhile.
        }
    }

    /** Whether another step of the transaction has put there what is there, or deals with it. */
    private static boolean isMadeByAnother(Disk.Stat there, Step.Delete delete, List<Step> all) {
        for (var step : all) {
            if (!step.name().equals(delete.name()) || step instanceof Step.Delete) {
                continue;
            }
            if (there.kind() != delete.was().kind()
                    || (step instanceof Step.MakeDirectory && there.isDirectory())
                    || (step instanceof Step.Move move && move.was().isSameObject(there))) {
                return true;
            }
        }
        return false;
    }

    private static String staging(Step.Move move) {
        // Nobody else has an object of this key.
        return WorkArea.WORK + "/move-" + Integer.toHexString(move.name().hashCode()) + "-"
                + Integer.toHexString(move.was().key().hashCode());
    }

    /** Where it is before anything is done. */
    private static String before(Step step) {
        return step instanceof Step.Move move ? move.from() : step.name();
    }

    /** Out of the way, so that two may change places. */
    private void takeAway(Step.Move move) throws IOException {
        changing(move.from());
        reach(move.name());
        if (isAt(move.from(), move.was()) && !isAt(move.name(), move.was())) {
            disk.rename(move.from(), staging(move));
            closed.moved(move.from(), staging(move));
        }
    }

    private void bring(Step.Move move) throws IOException {
        changing(move.name());
        shown.add(move.name());
        if (isAt(move.name(), move.was())) {
            return;
        }
        if (!exists(staging(move))) {
            passOver(move.from(), "was to be moved to " + move.name() + ", and is not there any more");
            return;
        }
        makeRoom(move.name(), false, listOf(move.before()));
        disk.rename(staging(move), move.name());
        closed.moved(staging(move), move.name());
    }

    private static List<Seen> listOf(Optional<Seen> seen) {
        return seen.map(List::of).orElse(List.of());
    }

    /** Whether one in doubt has already done something else with the name, or with the directory that it lies in. */
    private boolean isOvertaken(Step step) throws IOException {
        if (doubtful.isEmpty()) {
            return false;
        }
        var parent = Names.parent(step.name());
        reach(step.name());
        if (isToBeDeleted(parent) && !exists(parent)) {
            return true;
        }
        var there = disk.kind(step.name());
        // What was there before the step may be of the same kind, and have come back with a power cut.
        boolean isNew = known.getOrDefault(step.name(), List.of()).stream()
                .noneMatch(each -> there.filter(each.kind()::equals).isPresent());
        for (var other : isNew ? doubtful.getOrDefault(step.name(), List.<Step>of()) : List.<Step>of()) {
            if ((other instanceof Step.MakeLink link && leadsTo(link.name(), link.target()))
                    || (other instanceof Step.MakeDirectory
                            && !(step instanceof Step.MakeDirectory)
                            && there.filter(Kind.DIRECTORY::equals).isPresent())) {
                return true;
            }
        }
        // Its content was durable; so it was in its place.
        return step instanceof Step.Put put
                && put.inline().isEmpty()
                && isToBeDeleted(put.name())
                && !exists(put.name())
                && !exists(put.work());
    }

    private boolean isToBeDeleted(String name) {
        return doubtful.getOrDefault(name, List.of()).stream().anyMatch(Step.Delete.class::isInstance);
    }

    private void put(Step.Put put) throws IOException {
        files.add(put.name());
        shown.add(put.name());
        changing(put.name());
        var bytes = put.inline();
        var there = disk.stat(put.name());
        if (bytes.isPresent() && when != When.NOW) {
            recreate(put, bytes.get());
        } else if (there.filter(put.made()::isSameObject).isPresent()) {
            return;
        } else if (when != When.NOW && !exists(put.work())) {
            requireReplaced(put, there);
            return;
        }
        if (there.isPresent() && !isPartOf(put, there.get())) {
            makeRoom(put.name(), there.get(), false, listOf(put.before()));
        }
        try {
            disk.rename(put.work(), put.name());
        } catch (NoSuchFileException e) {
            if (bytes.isEmpty() || exists(put.work())) {
                throw e;
            }
            recreate(put, bytes.get());
            disk.rename(put.work(), put.name());
        }
    }

    /** A work file that is durable and not there any more was moved to its place: then somebody has put something else there since. */
    private void requireReplaced(Step.Put put, Optional<Disk.Stat> there) throws IOException {
        if (there.isPresent() && !isOurs(put.name(), there.get(), listOf(put.before()))) {
            passOver(put.name(), "was written, and is something else now, which stays");
            return;
        }
        throw new TxfException(
                TxfError.RM_METADATA_CORRUPT,
                put.name(),
                "expected the content that was committed for it in " + put.work() + ", found that it has gone: open the"
                        + " root with a reset of what is damaged, and restore this file");
    }

    /**
     * Whether what is there is the content that is wanted once more, or what a power cut has left of it: a part of it, or zeros in its
     * place. Then nothing is lost with it. It may stand there although nobody knows that the steps were taken: a last resource had
     * decided, and a crash came before that was durable. What has not its time must be the whole of it then.
     */
    private boolean isPartOf(Step.Put put, Disk.Stat there) throws IOException {
        if (when == When.NOW || put.inline().isEmpty() || there.kind() != Kind.FILE) {
            return false;
        }
        if (isOurs(put.name(), there, List.of(put.made()))) {
            // Known without being read.
            return true;
        }
        var wanted = put.inline().get();
        boolean mayBeTorn = when == When.AGAIN;
        if (there.size() > wanted.length || (!mayBeTorn && there.size() < wanted.length)) {
            return false;
        }
        return isContent(put, there, wanted, mayBeTorn);
    }

    private boolean isContent(Step.Put put, Disk.Stat there, byte[] wanted, boolean mayBeTorn) throws IOException {
        var found = ByteBuffer.allocate((int) there.size());
        try (var file = openToRead(put.name())) {
            readFully(file, found, 0);
        } catch (FileSystemException e) {
            // Somebody else's: it is not known to be ours.
            return false;
        }
        for (int i = 0; i < found.limit(); i++) {
            if (found.get(i) != wanted[i] && !(mayBeTorn && found.get(i) == 0)) {
                return false;
            }
        }
        return mayBeTorn || found.limit() == there.size();
    }

    private void recreate(Step.Put put, byte[] bytes) throws IOException {
        try {
            // It may be one that nobody may write to.
            disk.delete(put.work());
        } catch (NoSuchFileException e) {
            // It was not there.
        }
        try (var file = disk.open(put.work(), Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
            file.write(ByteBuffer.wrap(bytes), 0);
        }
        setAll(put.work(), put.attributes());
    }

    private void overwrite(Step.Overwrite overwrite) throws IOException {
        var name = overwrite.name();
        files.add(name);
        shown.add(name);
        changing(name);
        if (!exists(overwrite.work())) {
            return;
        }
        var there = disk.stat(name);
        if (there.filter(overwrite.was()::isSameObject).isEmpty()) {
            // Its other names are not to be found from here.
            makeRoom(name, false, List.of());
            disk.rename(overwrite.work(), name);
            return;
        }
        if (overwritten.add(overwrite.was().key())
                && when != When.AGAIN
                && !overwrite.was().isUnchanged(there.get())
                && !isBegun(overwrite)) {
            var aside = asideOf(name);
            copy(name, aside, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
            setAside.add(name + " -> " + aside);
        }
        copy(overwrite.work(), name, WRITE);
        setAll(name, overwrite.attributes());
    }

    /**
     * Whether what is there is what this writes, or what a power cut has left of it: a part of it, or zeros in its place. A last
     * resource had decided, and a crash came before that was durable. Nothing is lost with it, whoever has written it.
     */
    private boolean isBegun(Step.Overwrite overwrite) throws IOException {
        if (when == When.NOW) {
            return false;
        }
        try (var there = openToRead(overwrite.name());
                var wanted = openToRead(overwrite.work())) {
            var found = ByteBuffer.allocate(COPY_BYTES);
            var own = ByteBuffer.allocate(COPY_BYTES);
            for (long at = 0; readFully(there, found.clear(), at) > 0; at += found.limit()) {
                if (readFully(wanted, own.clear(), at) < found.limit()) {
                    return false;
                }
                for (int i = 0; i < found.limit(); i++) {
                    if (found.get(i) != own.get(i) && found.get(i) != 0) {
                        return false;
                    }
                }
            }
            return true;
        }
    }

    /** Fills it, or up to the end of the file; returns how much there is. */
    private static int readFully(DiskFile file, ByteBuffer buffer, long at) throws IOException {
        while (buffer.hasRemaining() && file.read(buffer, at + buffer.position()) > 0) {}
        buffer.flip();
        return buffer.limit();
    }

    private void copy(String source, String target, Set<StandardOpenOption> options) throws IOException {
        try (var from = openToRead(source);
                var to = openToWrite(target, options)) {
            var buffer = ByteBuffer.allocate(COPY_BYTES);
            long at = 0;
            while (from.read(buffer.clear(), at) > 0) {
                buffer.flip();
                int length = buffer.remaining();
                to.write(buffer, at);
                at += length;
            }
            to.resize(at);
            to.force();
        }
    }

    /** Also what its owner is not to read. */
    private DiskFile openToRead(String name) throws IOException {
        try {
            return disk.open(name, READ);
        } catch (AccessDeniedException e) {
            return disk.openAsOwner(name);
        }
    }

    private DiskFile openToWrite(String name, Set<StandardOpenOption> options) throws IOException {
        try {
            return disk.open(name, options);
        } catch (AccessDeniedException e) {
            // A run that was cut short has set its rights already; this one sets them again.
            disk.setAttribute(name, MODE, OWNER_READS_AND_WRITES);
            return disk.open(name, options);
        }
    }

    private void makeDirectory(Step.MakeDirectory made) throws IOException {
        changing(made.name());
        try {
            disk.createDirectory(made.name());
        } catch (FileAlreadyExistsException e) {
            if (disk.kind(made.name()).filter(Kind.DIRECTORY::equals).isEmpty()) {
                makeRoom(made.name(), true, List.of());
                disk.createDirectory(made.name());
            } else {
                makeAgain(made.name());
            }
        }
        directories.add(made.name());
    }

    /** What is there may be one that was deleted, and nothing of it is to be found in the new one. */
    private void makeAgain(String directory) throws IOException {
        try {
            disk.delete(directory);
        } catch (DirectoryNotEmptyException e) {
            // It is the new one: what was in the other has gone already.
            return;
        } catch (NoSuchFileException e) {
            // Gone meanwhile.
        } catch (FileSystemException e) {
            // Somebody uses it for a mount, say: it stays as it is.
            return;
        }
        closed.forget(directory);
        disk.createDirectory(directory);
    }

    private void makeLink(Step.MakeLink link) throws IOException {
        changing(link.name());
        if (leadsTo(link.name(), link.target())) {
            // An attempt that was cut short has made it.
            return;
        }
        var work = area.newName();
        disk.createLink(work, link.target());
        var seen = new ArrayList<>(listOf(link.before()));
        seen.add(Seen.link(link.target()));
        makeRoom(link.name(), false, seen);
        disk.rename(work, link.name());
    }

    private boolean leadsTo(String name, String target) throws IOException {
        return disk.kind(name).filter(Kind.LINK::equals).isPresent()
                && disk.readLink(name).equals(target);
    }

    private void addName(Step.AddName added, List<Step> all) throws IOException {
        changing(added.name());
        reach(added.existing());
        shown.add(added.name());
        shown.add(added.existing());
        var file = disk.stat(added.existing());
        if (disk.stat(added.name())
                .filter(there ->
                        file.filter(stat -> stat.key().equals(there.key())).isPresent())
                .isPresent()) {
            return;
        }
        var seen = new ArrayList<>(listOf(added.before()));
        seen.add(added.was());
        boolean written = false;
        for (var step : all) {
            if (step instanceof Step.Put put && put.name().equals(added.existing())) {
                seen.add(put.made());
                written = true;
            }
        }
        if (file.isEmpty() || !(written || added.was().isSameObject(file.get()))) {
            if (!isAt(added.name(), added.was())) {
                passOver(added.existing(), "was to be " + added.name() + " as well, and is not there any more");
            }
            return;
        }
        var work = area.newName();
        disk.addName(added.existing(), work);
        makeRoom(added.name(), false, seen);
        disk.rename(work, added.name());
    }

    private void setAll(String name, Map<String, Object> attributes) throws IOException {
        if (when == When.AGAIN) {
            AppliedAttributes.setAgain(disk, name, attributes);
        } else {
            AppliedAttributes.setAll(disk, name, attributes);
        }
    }

    private void setAttributes(Step.SetAttributes set) throws IOException {
        reach(set.name());
        closed.close(set.name());
        var there = disk.stat(set.name());
        if (there.isEmpty()) {
            return;
        }
        var was = set.was();
        var seen = new ArrayList<>(List.of(was));
        Attributes.changedNanos(set.attributes()).map(was::modifiedAt).ifPresent(seen::add);
        if (!was.isSameObject(there.get()) && (when == When.NOW || !isOurs(set.name(), there.get(), seen))) {
            passOver(set.name(), "was to have other attributes, and is something else now");
            return;
        }
        setAll(set.name(), set.attributes());
        if (there.get().kind() == Kind.FILE) {
            files.add(set.name());
        } else if (there.get().isDirectory()) {
            directories.add(set.name());
        }
    }
}
