package dev.ktm.registry;

import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * The checkpoints of one hive: the last one, the one before it, and the next one while it is being written.
 * <pre>
 *   name.hive    the last one
 *   name.old     the one before it: if the last one is damaged, this and the log have everything
 *   name.new     being written
 * </pre>
 * The log keeps what came after the older of the two. Names are changed when the content is durable; after a crash whichever whole
 * file has the highest sequence number counts, whatever it is called.
 */
final class HiveFiles {

    /**
     * One that is whole.
     *
     * @param covered the LSN up to which it has everything
     * @param isUnloaded whether it was made when the hive was unloaded, and needs no log
     */
    record Found(String file, UUID hive, long sequence, long covered, Tree tree, long nextId, boolean isUnloaded) {}

    private final LogDevice device;
    private final String name;
    private final List<String> damage = new ArrayList<>();

    /** What the file of the last checkpoint covers; negative if there is none that is whole. */
    private long lastCovered = -1;

    /** What the log may forget, because a file has it that stays; negative if that is nothing. */
    private long safelyCovered = -1;

    HiveFiles(LogDevice device, String hive) {
        this.device = device;
        this.name = hive.toLowerCase(Locale.ROOT);
    }

    private String last() {
        return name + ".hive";
    }

    private String before() {
        return name + ".old";
    }

    private String next() {
        return name + ".new";
    }

    /** Where the files are, for messages. */
    String location() {
        return device.location() + "/" + last();
    }

    boolean exist() throws IOException {
        var names = device.list();
        return names.contains(last()) || names.contains(before()) || names.contains(next());
    }

    /** What is wrong with files that were read. */
    List<String> damage() {
        return damage;
    }

    /**
     * The newest that is whole.
     *
     * @param hive whose it must be; empty for anybody's, which are not relied on later
     */
    Optional<Found> newest(Optional<UUID> hive) throws IOException {
        var present = device.list();
        Optional<Found> newest = Optional.empty();
        for (var file : List.of(next(), last(), before())) {
            var read = present.contains(file) ? read(file) : Optional.<Found>empty();
            if (read.isEmpty()) {
                continue;
            }
            var found = read.get();
            if (hive.isPresent() && !hive.get().equals(found.hive())) {
                damage.add("expected " + file + " to be of hive " + hive.get() + ", found one of " + found.hive());
                continue;
            }
            if (hive.isPresent() && file.equals(last())) {
                lastCovered = found.covered();
            }
            if (newest.isEmpty() || newest.get().sequence() < found.sequence()) {
                newest = read;
            }
        }
        return newest;
    }

    /** What the hive was unloaded with, if that is the last checkpoint: it needs no log. */
    Optional<Found> unloaded() throws IOException {
        // The one before it is older, also if it is the only one that is whole.
        return newest(Optional.empty())
                .filter(found -> found.isUnloaded() && !found.file().equals(before()));
    }

    /** The log has forgotten what is not behind this; negative if it has everything. */
    void logBegins(long covered) {
        safelyCovered = covered;
    }

    private Optional<Found> read(String file) throws IOException {
        try (var opened = device.open(file, LogDevice.Access.READ)) {
            return Optional.of(new CheckpointReader(opened).read());
        } catch (RegistryException e) {
            // A checkpoint that was being written when the power went is no damage.
            if (!file.equals(next())) {
                damage.add(String.valueOf(e.getMessage()));
            }
            return Optional.empty();
        }
    }

    /**
     * Writes a checkpoint.
     *
     * @return the LSN up to which the log need not keep anything any more; negative if it has to keep all
     */
    long write(Checkpoint checkpoint) throws IOException {
        deleteIfPresent(next());
        try (var file = device.create(next(), 0)) {
            new CheckpointWriter(file).write(checkpoint);
        }
        publish(checkpoint.covered());
        return safelyCovered;
    }

    /** What is written. */
    record Checkpoint(UUID hive, long sequence, long covered, Tree tree, long nextId, boolean isUnloaded) {}

    private void publish(long covered) throws IOException {
        if (lastCovered >= 0) {
            device.rename(last(), before());
            safelyCovered = lastCovered;
            // If the second name cannot be changed there is no last one, and the one before it stays where it is.
            lastCovered = -1;
        }
        device.rename(next(), last());
        device.forceDirectory();
        lastCovered = covered;
    }

    /** Deletes the checkpoint before the last, which is somebody else's. */
    void deleteBefore() throws IOException {
        deleteIfPresent(before());
    }

    private void deleteIfPresent(String file) throws IOException {
        if (device.list().contains(file)) {
            device.delete(file);
        }
    }
}
