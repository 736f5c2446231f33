package dev.ktm.log;

import dev.ktm.log.LogInspection.ContainerUse;
import dev.ktm.log.LogInspection.Finding;
import dev.ktm.log.format.ContainerEntry;
import dev.ktm.log.format.ContainerHeader;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.LogDevice;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The containers that the base log file names, as far as they are there. */
final class InspectedContainers implements Closeable {

    private static final String RESTORE = "restore the container from a backup of the same moment as the base log file,"
            + " or copy the log aside and see what is left of it with 'dump'";
    private static final String LEFT_OVER = "nothing: it is left over from a crash, and the next open deletes it";

    private final LogDevice device;
    private final LogMetadata metadata;
    private final List<Finding> findings;
    private final List<Container> containers = new ArrayList<>();
    private final List<InspectedFile> files = new ArrayList<>();
    private final Set<String> damaged = new HashSet<>();
    private final ContainerMap map;

    InspectedContainers(LogDevice device, LogMetadata metadata, List<Finding> findings) throws IOException {
        this.device = device;
        this.metadata = metadata;
        this.findings = findings;
        var checks = new Containers(device, metadata.logId());
        try {
            for (var entry : metadata.containers()) {
                var file = new InspectedFile(entry.fileName(), open(checks, entry));
                files.add(file);
                containers.add(new Container(entry, file));
            }
        } catch (AccessDeniedException e) {
            try {
                close();
            } catch (IOException failure) {
                e.addSuppressed(failure);
            }
            throw e;
        }
        map = new ContainerMap(containers);
    }

    /** What this user may not read may be whole, so it is no damage: nothing can be said of such a log. */
    private @Nullable DeviceFile open(Containers checks, ContainerEntry entry) throws AccessDeniedException {
        try {
            var file = device.open(entry.fileName(), LogDevice.Access.READ);
            try {
                checks.checkHeader(file, entry, metadata.containerBytes());
            } catch (LogCorruptException e) {
                note(e);
            }
            return file;
        } catch (NoSuchFileException e) {
            note(entry.fileName(), 0, "container " + entry.number(), "no such file");
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            damaged.add(entry.fileName());
            findings.add(Examination.unreadable(entry.fileName(), 0, e));
        }
        return null;
    }

    private void note(LogCorruptException e) {
        note(e.file(), e.offset(), e.expected(), e.found());
    }

    private void note(String file, long offset, String expected, String found) {
        damaged.add(file);
        findings.add(new Finding(true, file, offset, expected, found, RESTORE));
    }

    ContainerMap map() {
        return map;
    }

    /** Whether something is known to be wrong with the whole file. */
    boolean isDamaged(String fileName) {
        return damaged.contains(fileName);
    }

    /** Whether the frames can be looked for: there are containers, one in each place. */
    boolean areUsable() {
        if (containers.isEmpty()) {
            return false;
        }
        long size = metadata.containerBytes();
        var places = map.bySequence();
        boolean whole = Geometry.isContainerSize(size) && places.size() == containers.size();
        for (int i = 0; whole && i < places.size(); i++) {
            whole = places.get(i).sequence == map.firstSequence() + i;
        }
        if (!whole) {
            findings.add(new Finding(
                    true,
                    BaseLogFile.NAME,
                    0,
                    "one container in each place from " + map.firstSequence() + " on",
                    containers.size() + " containers of " + size + " bytes in other places",
                    RESTORE));
        }
        return whole;
    }

    void addReadFailures() {
        for (var file : files) {
            var failure = file.failure();
            if (failure != null) {
                findings.add(Examination.unreadable(file.name(), file.failedAt(), failure));
            }
        }
    }

    /** Files that belong to no log, to another one, or to this one but to no use. */
    void addStrays(boolean open) throws IOException {
        var named = containers.stream().map(container -> container.fileName).toList();
        for (var name : device.list()) {
            if (named.contains(name) || name.equals(BaseLogFile.NAME) || name.equals(LogEngine.LOCK_NAME)) {
                continue;
            }
            if (name.endsWith(Containers.ASIDE)) {
                stray(name, "a file that is being created", open ? "nothing: the log is at it" : LEFT_OVER);
                continue;
            }
            var header = Containers.headerOf(device, name);
            if (header == null) {
                stray(name, "something that is not of this log", "nothing: the log leaves it alone");
            } else if (!header.logId().equals(metadata.logId())) {
                stray(name, "a container of log " + header.logId(), "find out where it belongs");
            } else if (containers.stream().anyMatch(container -> container.number == header.number())) {
                stray(name, "a copy of container " + header.number(), "move it elsewhere");
            } else {
                stray(name, "container " + header.number() + ", which the log does not know", LEFT_OVER);
            }
        }
    }

    private void stray(String name, String found, String remedy) {
        findings.add(new Finding(false, name, 0, "files of this log", found, remedy));
    }

    /** How the containers are used, given the lowest address that anybody needs and the end of the log. */
    List<ContainerUse> uses(long lowest, long end) {
        long size = metadata.containerBytes();
        return map.bySequence().stream()
                .map(container -> {
                    long first = container.sequence * size + ContainerHeader.BYTES;
                    long used = Math.max(0, Math.min(end - first, size - ContainerHeader.BYTES));
                    boolean needed = container.sequence * size + size >= lowest;
                    return new ContainerUse(container.number, container.fileName, container.sequence, used, needed);
                })
                .toList();
    }

    @Override
    public void close() throws IOException {
        for (var file : files) {
            file.close();
        }
    }
}
