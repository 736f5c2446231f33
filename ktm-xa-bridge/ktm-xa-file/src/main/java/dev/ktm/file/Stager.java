package dev.ktm.file;

import dev.ktm.file.Node.FileNode;
import java.io.IOException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Makes ready what a commit moves into its place: after it no commit fails for lack of space. */
final class Stager {

    private final Disk disk;
    private final List<String> toForce = new ArrayList<>();
    private final Map<String, Disk.Stat> present;
    private final long mostInlineBytes;
    private long inlineBytes;

    /**
     * For one transaction.
     *
     * @param present what the transaction has found is now, by its name
     * @param mostInlineBytes how many bytes of it may travel in the log; files beyond that are forced one by one
     */
    Stager(Disk disk, Map<String, Disk.Stat> present, long mostInlineBytes) {
        this.disk = disk;
        this.present = present;
        this.mostInlineBytes = mostInlineBytes;
    }

    /** Makes the file that is to have this name. */
    void stage(String name, FileNode file, Optional<Seen> before, List<Step> steps) throws IOException {
        var content = Objects.requireNonNull(file.content);
        var attributes = new LinkedHashMap<String, Object>();
        var origin = file.origin;
        if (origin != null) {
            var now = Objects.requireNonNullElse(present.get(origin.name()), origin.stat());
            attributes.putAll(Attributes.toKeep(disk, origin.name(), now));
        }
        Attributes.setLater(attributes, file.attributes);

        boolean inMemory = content.isInMemory();
        long size = content.size();
        boolean inline = inMemory && inlineBytes + size <= mostInlineBytes;
        var work = content.stage();
        var toSet = new LinkedHashMap<String, Object>(attributes);
        var made = disk.stat(work).orElseThrow();
        var usual = Attributes.owned(made);
        if (!toSet.containsKey("posix:permissions")) {
            // What it has already need not be set, unless something else is set before.
            toSet.entrySet().removeIf(each -> each.getValue().equals(usual.get(each.getKey())));
        }
        AppliedAttributes.setAll(disk, work, toSet);
        if (attributes.keySet().stream().anyMatch(Attributes::isTimeOfChange)) {
            // As the disk keeps it.
            made = disk.stat(work).orElseThrow();
        } else {
            // If it has to be made again after a crash, it was still written now.
            attributes.put(Attributes.TIME_OF_CHANGE, FileTime.from(made.modifiedNanos(), TimeUnit.NANOSECONDS));
        }
        if (inline) {
            inlineBytes += size;
        } else {
            toForce.add(work);
        }
        if (origin != null
                && origin.stat().names() > 1
                && before.filter(was -> was.key().equals(origin.stat().key())).isPresent()) {
            // Its other names are to see it, too.
            if (inline) {
                toForce.add(work);
            }
            // Who may not write to it is told now.
            disk.open(origin.name(), Set.of(StandardOpenOption.WRITE)).close();
            steps.add(new Step.Overwrite(name, before.get(), work, attributes));
            return;
        }
        // The new file has none of them.
        attributes.values().removeIf(Attributes.Removed.REMOVED::equals);
        steps.add(new Step.Put(
                name,
                before,
                work,
                Seen.of(disk, work, made),
                inline ? Optional.of(content.bytes()) : Optional.empty(),
                attributes));
    }

    /** What does not travel in the log is made durable. */
    void finish() throws IOException {
        if (!toForce.isEmpty()) {
            disk.forceWork(toForce);
        }
    }
}
